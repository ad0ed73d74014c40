import type { DatabaseClient } from "@libs/postgres";
import { MigrationError } from "./migration-error.ts";
import { readLockHolders } from "./session-activity.ts";
import type { Report } from "./session-watch.ts";

/** Taken by `prisma migrate` as well, so that it and this runner never work at once. */
const PRISMA_ADVISORY_LOCK = 72_707_369;
const WAIT_MS = 60_000;
const TRY_EVERY_MS = 250;

/**
 * Takes the lock that one migration run holds at a time, for the life of the connection. It asks again and again instead
 * of waiting: a statement that waits holds a snapshot, which an index build of the other run waits for in turn.
 * @throws MigrationError after a minute
 */
export async function takeMigrationLock(client: DatabaseClient, report: Report): Promise<void> {
  const giveUpAt = performance.now() + WAIT_MS;
  for (let tries = 0; !(await isTaken(client)); tries += 1) {
    if (performance.now() >= giveUpAt)
      throw new MigrationError(`another migration run has held the lock for over ${WAIT_MS / 1000} s`);
    if (tries === 0) report(`waits for another migration run: ${await readLockHolders(client, PRISMA_ADVISORY_LOCK)}`);
    await Bun.sleep(TRY_EVERY_MS);
  }
}

async function isTaken(client: DatabaseClient): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(
    `SELECT pg_try_advisory_lock(${PRISMA_ADVISORY_LOCK}) AS taken`,
  );
  return rows[0]?.taken === true;
}
