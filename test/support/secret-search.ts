import { existsSync, readFileSync } from "node:fs";
import { SQL } from "bun";
import { secretsIn } from "./secrets-seen.ts";
import type { Traces } from "./traces.ts";

/**
 * The guarantee of a whole run: no password and no token that any test used is anywhere but with its owner. Searches
 * what gateways wrote, every row of the databases and the servers' logs.
 * @param databaseUrls every application database of the run
 * @param logFiles what the servers wrote
 * @throws when one is found
 */
export async function assertNoSecretsLeft(
  { secrets, logs, metrics }: Traces,
  databaseUrls: readonly string[],
  logFiles: readonly string[],
): Promise<void> {
  const places: Record<string, string> = {
    "gateway logs": logs.join("\n"),
    metrics: metrics.join("\n"),
    "server logs": logFiles
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, "utf8"))
      .join("\n"),
    databases: (await Promise.all(databaseUrls.map(dump))).join("\n"),
  };
  const found = Object.entries(places).flatMap(([place, text]) =>
    secretsIn(text, secrets).map((secret) => `${place}: ${secret}`),
  );
  if (found.length > 0) throw new Error(`${found.length} secrets were left behind:\n${found.slice(0, 20).join("\n")}`);
  const sizes = Object.entries(places).map(([place, text]) => `${place} ${Math.ceil(text.length / 1024)} KiB`);
  process.stderr.write(`No trace of ${secrets.length} passwords and tokens in ${sizes.join(", ")}.\n`);
}

/**
 * All databases that were made for a run.
 * @param prefix begins their names; by default what the given one's begins with
 */
export async function databasesOfRun(
  databaseUrl: string,
  prefix = new URL(databaseUrl).pathname.slice(1).replace(/_[^_]*$/, "_"),
): Promise<string[]> {
  const url = new URL(databaseUrl);
  const sql = new SQL(databaseUrl, { max: 1 });
  try {
    const rows = await sql`SELECT datname FROM pg_database WHERE starts_with(datname, ${prefix})`;
    return rows.map(
      ({ datname }: { datname: string }) => Object.assign(new URL(url), { pathname: `/${datname}` }).href,
    );
  } finally {
    await sql.close();
  }
}

/** Every row of every table, as PostgreSQL writes it. */
async function dump(url: string): Promise<string> {
  const sql = new SQL(url, { max: 1 });
  try {
    const tables = await sql`
      SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`;
    const texts: string[] = [];
    for (const { name } of tables) {
      const rows = await sql.unsafe(`SELECT row_to_json(t)::text AS row FROM ${name} t`);
      texts.push(...rows.map(({ row }: { row: string }) => row));
    }
    return texts.join("\n");
  } finally {
    await sql.close();
  }
}
