import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KEYCLOAK_VERSION } from "../constants.ts";
import { withFileLock } from "../machine/file-lock.ts";
import type { Java } from "../machine/java.ts";
import { runCommand } from "../machine/run-command.ts";
import { cacheDir } from "../paths.ts";
import { type Report, withHeartbeat } from "../report.ts";
import { StackError } from "../stack-error.ts";
import { downloadKeycloak } from "./archive.ts";
import { keycloakCommand } from "./java-command.ts";

/** Options that Keycloak bakes in: https://www.keycloak.org/server/configuration, "Build options". */
const BUILD = ["build", "--db=postgres", "--health-enabled=true", "--metrics-enabled=true"];

/** Where a build leaves its options; the archive as published has the jar without that entry. */
const BUILT_JAR = "lib/quarkus/generated-bytecode.jar";
const BUILT_ENTRY = "META-INF/keycloak-persisted.properties";

/**
 * The folder of a Keycloak that was built for PostgreSQL. `KEYCLOAK_HOME` is taken as it is (and built in place if it
 * never was); else it is downloaded, unpacked and built once into the user's cache.
 */
export function keycloakHome(java: Java, report: Report): Promise<string> {
  // Begun early by one part of a process, awaited by another: the work is done, or fails, once.
  prepared ??= findOrPrepare(java, report);
  return prepared;
}

let prepared: Promise<string> | undefined;

async function findOrPrepare(java: Java, report: Report): Promise<string> {
  const given = process.env["KEYCLOAK_HOME"];
  if (given) return givenHome(given, java, report);
  const home = join(cacheDir(), `keycloak-${KEYCLOAK_VERSION}`);
  if (existsSync(home)) return home;
  const waiting = (pid: number) => report(`Keycloak: waiting for process ${pid}, which is preparing it.`);
  await withFileLock(`${home}.lock`, () => prepare(home, java, report), waiting);
  return home;
}

async function givenHome(home: string, java: Java, report: Report): Promise<string> {
  if (!existsSync(join(home, "lib/quarkus-run.jar"))) {
    throw new StackError("KEYCLOAK_HOME does not point at an unpacked Keycloak (no lib/quarkus-run.jar in it).");
  }
  if (!isBuilt(home)) await build(home, java, report);
  return home;
}

async function prepare(home: string, java: Java, report: Report): Promise<void> {
  if (existsSync(home)) return;
  const work = `${home}.preparing.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const archive = await downloadKeycloak(join(work, "download"), report);
    const unpack = () => runCommand(["tar", "-xzf", archive, "-C", work]);
    const { code, output } = await withHeartbeat(report, "Keycloak: unpacking", unpack);
    if (code !== 0) throw new StackError(`Cannot unpack Keycloak: ${output.trim()}`);
    const unpacked = join(work, `keycloak-${KEYCLOAK_VERSION}`);
    await build(unpacked, java, report);
    // Only a complete folder ever gets the final name.
    renameSync(unpacked, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function build(home: string, java: Java, report: Report): Promise<void> {
  const command = keycloakCommand({ java, home, jvm: "quick", args: BUILD });
  const label = "Keycloak: building for PostgreSQL (once, about 30 s)";
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
