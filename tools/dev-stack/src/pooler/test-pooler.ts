import { join } from "node:path";
import { DEV_DIR } from "../base/paths.ts";
import { type Report, silent } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { RECORD_NAME } from "../supervisor/leftovers.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { newRunName } from "../testing/run-name.ts";
import { type Pgbouncer, type PgbouncerOptions, type PoolMode, runPgbouncer } from "./run-pgbouncer.ts";

/** A PgBouncer of a test's own, which ends with this process however that ends. */
export interface TestPooler extends Pick<Pgbouncer, "through"> {
  stop(): Promise<void>;
}

/** Starts one before the server of `databaseUrl`. @throws StackError */
export async function openTestPooler(
  databaseUrl: string,
  mode: PoolMode,
  options: Pick<PgbouncerOptions, "settings"> & { report?: Report } = {},
): Promise<TestPooler> {
  const stateDir = join(DEV_DIR, "runs", newRunName());
  const supervisor = Supervisor.open(join(stateDir, RECORD_NAME), [stateDir]);
  try {
    const given = { ...options, report: options.report ?? silent };
    const { through } = await runPgbouncer(supervisor, { ...given, databaseUrl, mode, stateDir });
    return { through, stop: () => supervisor.close() };
  } catch (error) {
    await supervisor.close();
    throw error;
  }
}

let everywhere: TestPooler | undefined;

/**
 * With `TEST_POOLER=transaction` or `session`, the services that tests start reach PostgreSQL through a PgBouncer, and
 * directly by `DATABASE_DIRECT_URL` alone. Tests themselves go on to reach it directly.
 * @returns stops it
 */
export async function poolServices(databaseUrl: string, report: Report): Promise<() => Promise<void>> {
  const mode = process.env["TEST_POOLER"];
  if (!mode || everywhere) return async () => {};
  if (mode !== "transaction" && mode !== "session") throw new StackError("TEST_POOLER must be transaction or session.");
  const pooler = await openTestPooler(databaseUrl, mode, { report });
  everywhere = pooler;
  report(`PgBouncer: services go through it, in ${mode} mode`);
  return async () => {
    everywhere = undefined;
    await pooler.stop();
  };
}

/** What a service is given for its database. @param directUrl where it is given too, both stay as they are */
export function databaseVariables(url: string, directUrl: string | undefined): Record<string, string> {
  if (directUrl) return { DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl };
  const pooled = url && (everywhere?.through(url) ?? url);
  return pooled === url ? { DATABASE_URL: url } : { DATABASE_URL: pooled, DATABASE_DIRECT_URL: url };
}
