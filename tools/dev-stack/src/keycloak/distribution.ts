import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KEYCLOAK_VERSION } from "../base/constants.ts";
import { cacheDir } from "../base/paths.ts";
import { type Report, withHeartbeat } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { withFileLock } from "../machine/file-lock.ts";
import type { Java } from "../machine/java.ts";
import { runCommand } from "../machine/run-command.ts";
import { downloadKeycloak } from "./archive.ts";
import { keycloakCommand } from "./java-command.ts";
import { isAtLeast, isVersion, type KeycloakRelease, keycloakRelease } from "./releases.ts";

/** An unpacked Keycloak that was built for PostgreSQL. */
export interface KeycloakDistribution {
  home: string;
  /** As its `version.txt` says, e.g. "26.7.4". */
  version: string;
}

/** Options that Keycloak bakes in: https://www.keycloak.org/server/configuration, "Build options". */
const BUILD = ["build", "--db=postgres", "--health-enabled=true", "--metrics-enabled=true"];
/** The kind of the cache is one of them up to 24, and refused among them since. */
const BUILD_UP_TO_24 = [...BUILD, "--cache=local"];

/** Where a build leaves its options; the archive as published has the jar without that entry. */
const BUILT_JAR = "lib/quarkus/generated-bytecode.jar";
const BUILT_ENTRY = "META-INF/keycloak-persisted.properties";

/**
 * A Keycloak that was built for PostgreSQL. `KEYCLOAK_HOME` is taken as it is (and built in place if it never was);
 * else the version is downloaded, unpacked and built once into the user's cache.
 * @param wanted a version or a minor; without it `KEYCLOAK_VERSION`, then `KEYCLOAK_HOME`, then the default
 * @throws StackError for a version that isn't pinned, a `KEYCLOAK_HOME` that is none or contradicts `KEYCLOAK_VERSION`
 */
export function keycloakDistribution(
  java: Java,
  report: Report,
  wanted?: string,
  env: Record<string, string | undefined> = process.env,
): Promise<KeycloakDistribution> {
  const choice = { wanted, given: env["KEYCLOAK_HOME"], named: env["KEYCLOAK_VERSION"] };
  // Begun early by one part of a process, awaited by another: the work is done, or fails, once.
  const key = JSON.stringify(choice);
  const begun = prepared.get(key) ?? findOrPrepare(java, report, choice);
  prepared.set(key, begun);
  return begun;
}

interface Choice {
  /** What code asks for. */
  wanted: string | undefined;
  /** `KEYCLOAK_HOME` and `KEYCLOAK_VERSION`. */
  given: string | undefined;
  named: string | undefined;
}

const prepared = new Map<string, Promise<KeycloakDistribution>>();

async function findOrPrepare(java: Java, report: Report, choice: Choice): Promise<KeycloakDistribution> {
  const { wanted, given, named } = choice;
  if (given) {
    const version = givenVersion(given);
    if (!wanted && named && !isVersion(version, named)) {
      throw new StackError(`KEYCLOAK_HOME has Keycloak ${version}, KEYCLOAK_VERSION asks for ${named}: unset one.`);
    }
    // Who asks for a version in code gets that one, whatever the environment has.
    if (!wanted || isVersion(version, wanted)) {
      if (!isBuilt(given)) await build({ home: given, version }, java, report);
      return { home: given, version };
    }
  }
  const release = keycloakRelease(wanted || named || KEYCLOAK_VERSION);
  const home = join(cacheDir(), `keycloak-${release.version}`);
  const distribution = { home, version: release.version };
  if (existsSync(home)) return distribution;
  const waiting = (pid: number) => report(`Keycloak: waiting for process ${pid}, which is preparing it.`);
  await withFileLock(`${home}.lock`, () => prepare(release, home, java, report), waiting);
  return distribution;
}

function givenVersion(home: string): string {
  if (!existsSync(join(home, "lib/quarkus-run.jar"))) {
    throw new StackError("KEYCLOAK_HOME does not point at an unpacked Keycloak (no lib/quarkus-run.jar in it).");
  }
  const file = join(home, "version.txt");
  // "Keycloak - Version 26.7.4"; a vendor's build has its own name before and an addition behind.
  const version = existsSync(file) ? /(\d+\.\d+\.\d+[\w.-]*)/.exec(readFileSync(file, "utf8"))?.[1] : undefined;
  if (!version) throw new StackError("KEYCLOAK_HOME does not say which Keycloak it is (no version in version.txt).");
  return version;
}

async function prepare(release: KeycloakRelease, home: string, java: Java, report: Report): Promise<void> {
  if (existsSync(home)) return;
  const { version } = release;
  const work = `${home}.preparing.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const archive = await downloadKeycloak(release, join(work, "download"), report);
    const unpack = () => runCommand(["tar", "-xzf", archive, "-C", work]);
    const { code, output } = await withHeartbeat(report, "Keycloak: unpacking", unpack);
    if (code !== 0) throw new StackError(`Cannot unpack Keycloak: ${output.trim()}`);
    const unpacked = join(work, `keycloak-${version}`);
    await build({ home: unpacked, version }, java, report);
    // Only a complete folder ever gets the final name.
    renameSync(unpacked, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function build({ home, version }: KeycloakDistribution, java: Java, report: Report): Promise<void> {
  const args = isAtLeast(version, [25, 0]) ? BUILD : BUILD_UP_TO_24;
  const command = await keycloakCommand({ java, home, jvm: "quick", args });
  const label = `Keycloak ${version}: building for PostgreSQL (once, about 30 s)`;
  const { code, output } = await withHeartbeat(report, label, () => runCommand(command, { cwd: home }));
  if (code !== 0 || !isBuilt(home)) {
    throw new StackError(`Keycloak's build failed:\n${output.trim().split("\n").slice(-15).join("\n")}`);
  }
}

function isBuilt(home: string): boolean {
  const jar = join(home, BUILT_JAR);
  // Names in a jar's directory are not compressed.
  return existsSync(jar) && readFileSync(jar).includes(BUILT_ENTRY);
}
