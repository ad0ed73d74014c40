import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Report, withHeartbeat } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { runCommand } from "../machine/run-command.ts";
import type { KeycloakRelease } from "./releases.ts";

const MEGABYTE = 1024 * 1024;
const STALL_MS = 60_000;

/**
 * Gets Keycloak's archive into `folder`: through Maven where it is on the PATH (it knows the machine's mirrors), else
 * from Maven Central itself or from Keycloak's release page.
 * @returns the archive, checked against the pinned SHA-256
 * @throws StackError if no way works or the archive is not the expected one
 */
export async function downloadKeycloak(release: KeycloakRelease, folder: string, report: Report): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const { version, sha256 } = release;
  const archive = (await throughMaven(version, folder, report)) ?? (await byHttps(version, folder, report));
  await demandSha256(archive, sha256);
  return archive;
}

async function throughMaven(version: string, folder: string, report: Report): Promise<string | undefined> {
  if (!Bun.which("mvn")) return undefined;
  const artifact = `org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`;
  const command = ["mvn", "-q", "-B", "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
  const label = `Keycloak ${version}: downloading with Maven (about 170 MB)`;
  const { code } = await withHeartbeat(report, label, () => runCommand(command, { cwd: folder }));
  const name = existsSync(folder) ? readdirSync(folder).find((file) => file.endsWith(".tar.gz")) : undefined;
  if (code === 0 && name) return join(folder, name);
  report(`Keycloak ${version}: Maven could not get it, trying without.`);
  return undefined;
}

/** Both serve the same file. */
function addresses(version: string): string[] {
  const artifact = `org/keycloak/keycloak-quarkus-dist/${version}/keycloak-quarkus-dist-${version}.tar.gz`;
  return [
    `https://repo1.maven.org/maven2/${artifact}`,
    `https://github.com/keycloak/keycloak/releases/download/${version}/keycloak-${version}.tar.gz`,
  ];
}

async function byHttps(version: string, folder: string, report: Report): Promise<string> {
  const target = join(folder, `keycloak-${version}.tar.gz`);
  const progress = () => (existsSync(target) ? `${Math.round(statSync(target).size / MEGABYTE)} MB` : "");
  const failures: string[] = [];
  for (const url of addresses(version)) {
    const label = `Keycloak ${version}: downloading from ${new URL(url).host}`;
    const fault = await withHeartbeat(report, label, () => fetchTo(url, target), progress);
    if (!fault) return target;
    failures.push(`${url} (${fault})`);
  }
  throw new StackError(
    `Cannot download Keycloak from ${failures.join(", nor from ")}.\n` +
      "Install Maven, or unpack Keycloak yourself and point KEYCLOAK_HOME at it.",
  );
}

/** @returns why it failed, if it did */
async function fetchTo(url: string, target: string): Promise<string | undefined> {
  const abort = new AbortController();
  const stalled = () => abort.abort(new Error("the download stalled"));
  let watchdog = setTimeout(stalled, STALL_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || !response.body) return `status ${response.status}`;
    const source = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    source.on("data", () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(stalled, STALL_MS);
    });
    await pipeline(source, createWriteStream(target));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "unknown";
  } finally {
    clearTimeout(watchdog);
  }
}

/**
 * Refuses a file that is not, byte for byte, the expected one, and removes it.
 * @param expected hexadecimal SHA-256
 */
export async function demandSha256(file: string, expected: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const actual = hash.digest("hex");
  if (actual === expected) return;
  rmSync(file, { force: true });
  throw new StackError(`The downloaded Keycloak archive was refused: its SHA-256 is ${actual}, expected ${expected}.`);
}
