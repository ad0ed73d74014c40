import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";
import { cacheDir } from "../base/paths.ts";
import { runCommand } from "../machine/run-command.ts";
import { withClient } from "./administer.ts";

/** Passwords of a data folder, which live and move with it. */
export interface Credentials {
  postgresPassword: string;
  keycloakAdmin: { username: string; password: string };
}

/** What a template fits: other versions have other tables, or another format on disk. */
export interface DataVersions {
  keycloak: string;
  /** Of the npm package. */
  postgres: string;
}

/**
 * A data folder in which Keycloak has already created its schema and its administrator, kept in the user's cache, one
 * per pair of versions: a fresh start copies it and saves half a minute. Its random passwords come along and are as
 * local as the servers.
 */
export class DataTemplate {
  private readonly folder: string;

  constructor({ keycloak, postgres }: DataVersions, cache = cacheDir()) {
    this.folder = join(cache, `data-keycloak-${keycloak}-postgres-${postgres}-uid-${process.getuid?.() ?? 0}`);
  }

  /** Copies the template into a data folder that does not exist yet. @returns its passwords, if there was one */
  async copyTo(dataDir: string): Promise<Credentials | undefined> {
    const credentials = this.credentials();
    if (!credentials) return undefined;
    const { code } = await runCommand(["cp", "-R", "-p", join(this.folder, "data"), dataDir]);
    if (code === 0) return credentials;
    rmSync(dataDir, { recursive: true, force: true });
    return undefined;
  }

  /**
   * Takes the template from a running server by PostgreSQL's low-level backup
   * (https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP): the copy is consistent
   * although Keycloak is connected. A failure costs only the time saved later, so it is not an error.
   */
  async take(options: { dataDir: string; serverUrl: string; credentials: Credentials }): Promise<boolean> {
    if (existsSync(this.folder)) return false;
    const draft = `${this.folder}.${process.pid}`;
    try {
      mkdirSync(draft, { recursive: true, mode: 0o700 });
      await backUp(options.serverUrl, options.dataDir, join(draft, "data"));
      writeFileSync(join(draft, "credentials.json"), JSON.stringify(options.credentials), { mode: 0o600 });
      renameSync(draft, this.folder);
      return true;
    } catch {
      return false;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }

  private credentials(): Credentials | undefined {
    try {
      return JSON.parse(readFileSync(join(this.folder, "credentials.json"), "utf8")) as Credentials;
    } catch {
      return undefined;
    }
  }
}

/** Copies the data folder of a running server, consistent with what was committed when the copy ended. */
export async function backUp(serverUrl: string, dataDir: string, copy: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    const { start, stop } = await backupFunctions(client);
    await client.query(`SELECT ${start}`);
    // Files change while they are copied; what cp says about them does not matter, the log repairs it.
    await runCommand(["cp", "-R", "-p", dataDir, copy]);
    const { rows } = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${stop}`);
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

/** PostgreSQL 15 renamed them, and dropped the exclusive kind that the third argument of 14 rules out. */
async function backupFunctions(client: Client): Promise<{ start: string; stop: string }> {
  const { rows } = await client.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  return (rows[0]?.major ?? 0) >= 15
    ? { start: "pg_backup_start('template', true)", stop: "pg_backup_stop(false)" }
    : { start: "pg_start_backup('template', true, false)", stop: "pg_stop_backup(false, false)" };
}
