import { randomUUID } from "node:crypto";
import { applySteps } from "./apply-steps.ts";
import { MigrationError } from "./migration-error.ts";
import { inTransaction, type MigrationRun } from "./migration-run.ts";
import type { PendingMigration } from "./pending-migrations.ts";

/** @throws MigrationError */
export async function applyMigration(run: MigrationRun, migration: PendingMigration): Promise<void> {
  const { name, sql, checksum, steps } = migration;
  if (steps) return await applySteps(run, { ...migration, steps });
  const startedAt = new Date();
  try {
    await inTransaction(run, `migration ${name}`, async () => {
      await run.client.query(sql);
      await run.client.query(
        `INSERT INTO _prisma_migrations (id, checksum, started_at, finished_at, migration_name, applied_steps_count)
         VALUES ($1, $2, $3, clock_timestamp(), $4, 1)`,
        [randomUUID(), checksum, startedAt, name],
      );
    });
  } catch (error) {
    throw MigrationError.failed(name, error);
  }
}
