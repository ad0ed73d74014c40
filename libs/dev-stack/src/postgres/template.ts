import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEYCLOAK_VERSION } from "../constants.ts";
import { runCommand } from "../machine/run-command.ts";
import { cacheDir } from "../paths.ts";
import { withClient } from "./administer.ts";

/** Passwords of a data folder, which live and move with it. */
export interface Credentials {
  postgresPassword: string;
  keycloakAdmin: { username: string; password: string };
}

/**
 * A data folder in which Keycloak has already created its schema and its administrator, kept in the user's cache: a
 * fresh start copies it and saves half a minute. Its random passwords come along and are as local as the servers.
 */
export interface DataTemplate {
  folder: string;
  credentials: Credentials;
}

const root = (postgresVersion: string) =>
  join(cacheDir(), `data-keycloak-${KEYCLOAK_VERSION}-postgres-${postgresVersion}-uid-${process.getuid?.() ?? 0}`);

export function findTemplate(postgresVersion: string): DataTemplate | undefined {
  const folder = root(postgresVersion);
  try {
    const credentials = JSON.parse(readFileSync(join(folder, "credentials.json"), "utf8")) as Credentials;
    return { folder: join(folder, "data"), credentials };
  } catch {
    return undefined;
  }
}

/** Copies the template into a data folder that does not exist yet. */
export async function copyTemplate(template: DataTemplate, dataDir: string): Promise<boolean> {
  const { code } = await runCommand(["cp", "-R", "-p", template.folder, dataDir]);
  if (code !== 0) rmSync(dataDir, { recursive: true, force: true });
  return code === 0;
}

/**
 * Takes the template from a running server by PostgreSQL's low-level backup
 * (https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP): the copy is consistent
 * although Keycloak is connected. A failure costs only the time saved later, so it is not an error.
 */
export async function takeTemplate(options: {
  dataDir: string;
  serverUrl: string;
  postgresVersion: string;
  credentials: Credentials;
}): Promise<boolean> {
  const target = root(options.postgresVersion);
  if (existsSync(target)) return false;
  const draft = `${target}.${process.pid}`;
  try {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    await backUp(options.serverUrl, options.dataDir, join(draft, "data"));
    writeFileSync(join(draft, "credentials.json"), JSON.stringify(options.credentials), { mode: 0o600 });
    renameSync(draft, target);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function backUp(serverUrl: string, dataDir: string, copy: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    await client.query("SELECT pg_backup_start('template', true)");
    // Files change while they are copied; what cp says about them does not matter, the log repairs it.
    await runCommand(["cp", "-R", "-p", dataDir, copy]);
    const { rows } = await client.query<{ labelfile: string }>("SELECT labelfile FROM pg_backup_stop(false)");
    rmSync(join(copy, "pg_wal"), { recursive: true, force: true });
    const { code } = await runCommand(["cp", "-R", "-p", join(dataDir, "pg_wal"), join(copy, "pg_wal")]);
    if (code !== 0 || !rows[0]) throw new Error("incomplete copy");
    rmSync(join(copy, "postmaster.pid"), { force: true });
    rmSync(join(copy, "postmaster.opts"), { force: true });
    writeFileSync(join(copy, "backup_label"), rows[0].labelfile);
    // The server's user must be able to read and later rename it.
    const { uid, gid } = statSync(join(copy, "PG_VERSION"));
    chownSync(join(copy, "backup_label"), uid, gid);
  });
}
