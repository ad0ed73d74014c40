import { randomUUID } from "node:crypto";
import { buildIndex } from "./build-index.ts";
import { MigrationError, reasonOf } from "./migration-error.ts";
import { inTransaction, type MigrationRun, retryLocks } from "./migration-run.ts";
import type { MigrationStep } from "./migration-steps.ts";
import type { PendingMigration } from "./pending-migrations.ts";

/** One whose statements are committed one by one. */
type SteppedMigration = PendingMigration & { steps: readonly MigrationStep[] };

/**
 * Applies a migration step by step. Its row is there from the start, without `finished_at` and with the number of steps
 * that are done: to Prisma and to the doctor that is a migration which runs or has failed. A later run resumes there.
 * @throws MigrationError that names the step
 */
export async function applySteps(run: MigrationRun, migration: SteppedMigration): Promise<void> {
  const { client } = run;
  const { name, steps, begun } = migration;
  const [id, done] = begun ? [begun.id, begun.applied_steps_count] : [await insertRow(run, migration), 0];
  if (begun) {
    run.report(`migration ${name}: resumes after ${done} of ${steps.length} steps`);
    await client.query("UPDATE _prisma_migrations SET logs = NULL WHERE id = $1", [id]);
  }
  for (const [index, step] of steps.entries()) {
    if (index < done) continue;
    try {
      await applyStep(run, `migration ${name}, step ${index + 1} of ${steps.length}`, step, () =>
        count(run, id, index + 1),
      );
    } catch (error) {
      const logs = reasonOf(error);
      await client.query("UPDATE _prisma_migrations SET logs = $2 WHERE id = $1", [id, logs]).catch(() => {});
      throw MigrationError.stopped(name, index + 1, steps.length, error);
    }
  }
  await client.query("UPDATE _prisma_migrations SET finished_at = clock_timestamp() WHERE id = $1", [id]);
}

/** @param what begins each line that is reported @param counted records that the step is done */
async function applyStep(
  run: MigrationRun,
  what: string,
  step: MigrationStep,
  counted: () => Promise<void>,
): Promise<void> {
  const { client } = run;
  if (step.kind === "transaction") {
    return await inTransaction(run, what, async () => {
      await client.query(step.sql);
      await counted();
    });
  }
  if (step.kind === "build_index") await buildIndex(run, what, step);
  else {
    await retryLocks(run, what, async () => {
      await client.query(`SET lock_timeout = ${run.lockTimeoutMs}`);
      await client.query(step.sql);
    }).finally(() => client.query("RESET lock_timeout").catch(() => {}));
  }
  await counted();
}

async function insertRow({ client }: MigrationRun, { name, checksum }: SteppedMigration): Promise<string> {
  const id = randomUUID();
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, started_at, migration_name, applied_steps_count)
     VALUES ($1, $2, $3, $4, 0)`,
    [id, checksum, new Date(), name],
  );
  return id;
}

async function count({ client }: MigrationRun, id: string, steps: number): Promise<void> {
  await client.query("UPDATE _prisma_migrations SET applied_steps_count = $2 WHERE id = $1", [id, steps]);
}
