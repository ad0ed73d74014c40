// `bun run bench:migrate [--rows 10000000] [--rate 200]`
// What traffic on a table feels of its migrations: an index that is built beside it, killed twice and resumed, and a column
// that has to wait for a long transaction. On a PostgreSQL of its own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openTestPostgres } from "@libs/dev-stack";
import { SQL } from "bun";
import { MigrateProcess } from "../test/support/migrate-process.ts";
import { stopSupervisedRuns } from "../test/support/supervised-run.ts";
import { PacedLoad } from "./paced-load.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "10000000" },
    /** Requests a second, half of them reads. */
    rate: { type: "string", default: "200" },
  },
});
const [rows, rate] = [Number(values.rows), Number(values.rate)];
const LONG_TRANSACTION_MS = 30_000;
const ALONE_MS = 20_000;

const server = await openTestPostgres();
const url = server.url("postgres");
const sql = new SQL(url, { max: 20, connectionTimeout: 120 });
const migrationsDir = mkdtempSync(join(tmpdir(), "migrations-"));
const started = performance.now();
const report = (line: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`);

function add(name: string, content: string): void {
  mkdirSync(join(migrationsDir, name));
  writeFileSync(join(migrationsDir, name, "migration.sql"), content);
}

function reportLoad(what: string, load: PacedLoad): void {
  const { requests, failures, p50Ms, p99Ms, mostMs } = load.take();
  const [p50, p99, most] = [p50Ms, p99Ms, mostMs].map((ms) => ms.toFixed(1));
  report(`${what}: ${requests} requests, ${failures} failures, p50 ${p50} ms, p99 ${p99} ms, longest ${most} ms`);
}

/** Half-way through reading the table. @throws where the index is done before that is seen: the table is too small */
async function untilHalfBuilt(migrating: MigrateProcess): Promise<void> {
  let hasEnded = false;
  void migrating.exited().then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    const [build] = await sql`SELECT blocks_done::float8 / nullif(blocks_total, 0) AS share
      FROM pg_stat_progress_create_index WHERE phase LIKE 'building index: scanning table'`;
    if (build?.share > 0.5) return;
    await Bun.sleep(25);
  }
  throw new Error(`not seen half built: ${migrating.output}`);
}

/** The server ends the statement of a process that is gone. @returns seconds */
async function untilNoBuild(): Promise<string> {
  const from = performance.now();
  while ((await sql`SELECT FROM pg_stat_progress_create_index`).length > 0) await Bun.sleep(25);
  return ((performance.now() - from) / 1000).toFixed(1);
}

async function runToEnd(what: string, load: PacedLoad): Promise<void> {
  const from = performance.now();
  const migrating = new MigrateProcess(url, migrationsDir);
  const code = await migrating.exited();
  for (const line of migrating.output.trim().split("\n")) report(`  ${line}`);
  reportLoad(`${what}: exit ${code} after ${((performance.now() - from) / 1000).toFixed(1)} s`, load);
}

let load: PacedLoad | undefined;
try {
  report(`generates ${rows} rows …`);
  await sql.unsafe(`
    CREATE TABLE people (id bigint NOT NULL, email text, name text, logins int NOT NULL DEFAULT 0);
    INSERT INTO people SELECT n, md5(n::text) || '@example.test', 'Person ' || n FROM generate_series(1, ${rows}) AS n;
    ALTER TABLE people ADD PRIMARY KEY (id);`);
  await sql.unsafe("VACUUM ANALYZE people");
  const [{ size }] = await sql`SELECT pg_size_pretty(pg_table_size('people')) AS size`;
  report(`the table has ${size}`);
  add(
    "20200101_index",
    "-- migrate: non-transactional\nCREATE INDEX CONCURRENTLY people_email_idx ON people (email);\n",
  );

  load = new PacedLoad(sql, rows, rate);
  await Bun.sleep(ALONE_MS);
  reportLoad("without a migration", load);

  const killed = new MigrateProcess(url, migrationsDir);
  await untilHalfBuilt(killed);
  await killed.kill();
  report(`  killed; the server has ended its build after ${await untilNoBuild()} s`);
  reportLoad("an index, until its process is killed", load);

  const terminated = new MigrateProcess(url, migrationsDir);
  await untilHalfBuilt(terminated);
  await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index`;
  await terminated.exited();
  report(`  ${terminated.output.trim().split("\n").at(-1)}`);
  reportLoad("an index, until its connection is ended", load);

  await runToEnd("an index, to its end", load);
  const [{ valid, index }] = await sql`SELECT indisvalid AS valid, pg_size_pretty(pg_relation_size(indexrelid)) AS index
    FROM pg_index WHERE indexrelid = 'people_email_idx'::regclass`;
  report(`the index is ${valid ? "valid" : "INVALID"} and has ${index}`);

  add("20200102_column", "ALTER TABLE people ADD COLUMN locale text");
  const long = await sql.reserve();
  await long.unsafe("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM people WHERE id < 10");
  setTimeout(async () => {
    await long.unsafe("COMMIT");
    long.release();
    report(`the long transaction has ended, after ${LONG_TRANSACTION_MS / 1000} s`);
  }, LONG_TRANSACTION_MS);
  await runToEnd("a column, behind a long transaction", load);
} finally {
  await load?.stop();
  await stopSupervisedRuns();
  await sql.close();
  await server.stop();
  rmSync(migrationsDir, { recursive: true });
}
