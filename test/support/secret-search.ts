import { existsSync, readFileSync } from "node:fs";
import type { TestStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { gatewayLogs, gatewayMetrics } from "./gateway-process.ts";
import { secretsIn, secretsSeen } from "./secrets-seen.ts";

/**
 * The guarantee of the whole run: no password and no token that any test used is anywhere but with its owner.
 * @throws when one is
 */
export async function assertNoSecretsLeft({ databaseUrl, logs }: TestStack): Promise<void> {
  const logFiles = Object.values(logs).filter((file) => file !== undefined);
  const { secrets, searched, found } = await searchForSecrets(await databasesOfRun(databaseUrl), logFiles);
  const places = Object.entries(searched).map(([place, size]) => `${place} ${Math.ceil(size / 1024)} KiB`);
  if (found.length > 0) throw new Error(`${found.length} secrets were left behind:\n${found.slice(0, 20).join("\n")}`);
  process.stderr.write(`No trace of ${secrets} passwords and tokens in ${places.join(", ")}.\n`);
}

export interface SearchReport {
  secrets: number;
  /** Characters that were searched, by place. */
  searched: Record<string, number>;
  found: string[];
}

/**
 * Searches every row of the given databases, every log and every metrics page for the passwords and tokens that the
 * tests used.
 * @param databaseUrls every application database of the run
 * @param logFiles what the servers wrote
 */
export async function searchForSecrets(databaseUrls: string[], logFiles: string[]): Promise<SearchReport> {
  const secrets = secretsSeen();
  const places: Record<string, string> = {
    "gateway logs": gatewayLogs.join("\n"),
    metrics: gatewayMetrics.join("\n"),
    "server logs": logFiles
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, "utf8"))
      .join("\n"),
    databases: (await Promise.all(databaseUrls.map(dump))).join("\n"),
  };
  return {
    secrets: secrets.length,
    searched: Object.fromEntries(Object.entries(places).map(([place, text]) => [place, text.length])),
    found: Object.entries(places).flatMap(([place, text]) =>
      secretsIn(text, secrets).map((secret) => `${place}: ${secret}`),
    ),
  };
}

/** All databases that were made for this run: their names begin like the shared one's. */
export async function databasesOfRun(databaseUrl: string): Promise<string[]> {
  const url = new URL(databaseUrl);
  const prefix = url.pathname.slice(1).replace(/_[^_]*$/, "_");
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
