import { type MigrationRun, retryLocks } from "./migration-run.ts";
import type { MigrationStep } from "./migration-steps.ts";

type IndexStep = Extract<MigrationStep, { kind: "build_index" }>;

interface FoundIndex {
  /** Qualified and quoted. */
  name: string;
  valid: boolean;
}

/**
 * Builds an index while its table is in use. A valid one of that name on that table is taken as it is: an operator has
 * built it before, or this migration has. An invalid one is what a build that was cut short has left: it only costs, so
 * it is dropped first.
 * @param what begins each line that is reported
 */
export async function buildIndex(run: MigrationRun, what: string, step: IndexStep): Promise<void> {
  const { client } = run;
  try {
    await retryLocks(run, what, async () => {
      await dropInvalid(run, what, step);
      if (await find(run, step)) return run.report(`${what}: index ${step.index} is there already`);
      // It waits for every transaction that is older, as long as those take: nobody queues behind it, and giving up
      // would throw the build away.
      await client.query("SET lock_timeout = 0; SET statement_timeout = 0");
      await client.query(step.sql);
      if (!(await find(run, step))?.valid)
        throw new Error(`index ${step.index} on ${step.table} is not there, or not valid`);
    });
  } catch (error) {
    // An invalid unique index goes on to refuse rows. Where it can't be dropped now, the next run drops it.
    await dropInvalid(run, what, step).catch(() => {});
    throw error;
  } finally {
    await client.query("RESET lock_timeout; RESET statement_timeout").catch(() => {});
  }
}

/** An index that somebody else is building is invalid, too: whoever builds it holds this lock until it is valid. */
async function dropInvalid(run: MigrationRun, what: string, step: IndexStep): Promise<void> {
  if ((await find(run, step))?.valid !== false) return;
  const { client, lockTimeoutMs } = run;
  // Sent together, they are one transaction.
  await client.query(
    `SET LOCAL lock_timeout = ${lockTimeoutMs}; LOCK TABLE ${step.table} IN SHARE UPDATE EXCLUSIVE MODE`,
  );
  const found = await find(run, step);
  if (found?.valid !== false) return;
  run.report(`${what}: drops the invalid index ${found.name}, which a build that was cut short has left`);
  await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
  await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${found.name}`);
}

async function find({ client }: MigrationRun, { index, table }: IndexStep): Promise<FoundIndex | undefined> {
  const { rows } = await client.query<FoundIndex>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, i.indisvalid AS valid
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.indrelid = to_regclass($1) AND c.relname = (parse_ident($2))[1]`,
    [table, index],
  );
  return rows[0];
}
