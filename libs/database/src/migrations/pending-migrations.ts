import type { AppliedRow, Migration } from "@libs/postgres";
import { MigrationError } from "./migration-error.ts";
import { type MigrationStep, migrationSteps } from "./migration-steps.ts";

/** A migration to apply. */
export interface PendingMigration extends Migration {
  /** Its statements, where each is committed by itself. */
  steps: MigrationStep[] | undefined;
  /** The row of a run that was cut short or failed: it is resumed. */
  begun: AppliedRow | undefined;
}

/**
 * @param migrations those of this program @param rows those that were not rolled back
 * @throws MigrationError when one was edited after it was applied, or can't be run, or has failed and can't be resumed
 */
export function pendingMigrations(migrations: readonly Migration[], rows: readonly AppliedRow[]): PendingMigration[] {
  const recorded = new Map(rows.map((row) => [row.migration_name, row]));
  const pending = migrations
    .filter(({ name }) => !recorded.get(name)?.finished_at)
    .map((migration) => ({ ...migration, steps: migrationSteps(migration), begun: recorded.get(migration.name) }));
  const resumed = new Set(pending.filter(isResumable).map(({ name }) => name));
  const failed = rows.find((row) => row.finished_at === null && !resumed.has(row.migration_name));
  if (failed) throw MigrationError.failedBefore(failed.migration_name);
  const edited = migrations.find(({ name, checksum }) => {
    const row = recorded.get(name);
    return row?.finished_at && row.checksum !== checksum;
  });
  if (edited) throw MigrationError.edited(edited.name);
  return pending;
}

/** Of an edited file, nobody knows which of its steps are done. */
const isResumable = ({ steps, begun, checksum }: PendingMigration) => steps && begun?.checksum === checksum;
