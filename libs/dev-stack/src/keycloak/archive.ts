import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { KEYCLOAK_ARCHIVE_SHA256, KEYCLOAK_VERSION } from "../constants.ts";
import { runCommand } from "../machine/run-command.ts";
import { type Report, withHeartbeat } from "../report.ts";
import { StackError } from "../stack-error.ts";

const ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:tar.gz`;
const RELEASE_URL = `https://github.com/keycloak/keycloak/releases/download/${KEYCLOAK_VERSION}/keycloak-${KEYCLOAK_VERSION}.tar.gz`;
const MEGABYTE = 1024 * 1024;
const STALL_MS = 60_000;

/**
 * Gets Keycloak's archive into `folder`: through Maven where it is on the PATH (it knows the machine's mirrors), else
 * from Keycloak's release page.
 * @returns the archive, checked against the pinned SHA-256
 * @throws StackError if neither way works or the archive is not the expected one
 */
export async function downloadKeycloak(folder: string, report: Report): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const archive = (await throughMaven(folder, report)) ?? (await fromReleasePage(folder, report));
  await demandSha256(archive, KEYCLOAK_ARCHIVE_SHA256);
  return archive;
}

async function throughMaven(folder: string, report: Report): Promise<string | undefined> {
  if (!Bun.which("mvn")) return undefined;
  const command = ["mvn", "-q", "-B", "dependency:copy", `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${folder}`];
  const label = `Keycloak ${KEYCLOAK_VERSION}: downloading with Maven (176 MB)`;
  const { code } = await withHeartbeat(report, label, () => runCommand(command, { cwd: folder }));
  const name = existsSync(folder) ? readdirSync(folder).find((file) => file.endsWith(".tar.gz")) : undefined;
  if (code === 0 && name) return join(folder, name);
  report("Keycloak: Maven could not get it, trying the release page.");
  return undefined;
}

async function fromReleasePage(folder: string, report: Report): Promise<string> {
  const target = join(folder, `keycloak-${KEYCLOAK_VERSION}.tar.gz`);
  const progress = () => (existsSync(target) ? `${Math.round(statSync(target).size / MEGABYTE)} of 176 MB` : "");
  const label = `Keycloak ${KEYCLOAK_VERSION}: downloading from its release page`;
  await withHeartbeat(report, label, () => fetchTo(target), progress);
  return target;
}

async function fetchTo(target: string): Promise<void> {
  const abort = new AbortController();
  const stalled = () => abort.abort(new Error("the download stalled"));
  let watchdog = setTimeout(stalled, STALL_MS);
  try {
    const response = await fetch(RELEASE_URL, { signal: abort.signal });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    const source = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    source.on("data", () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(stalled, STALL_MS);
    });
    await pipeline(source, createWriteStream(target));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    throw new StackError(
      `Cannot download Keycloak from ${RELEASE_URL} (${reason}).\n` +
        "Install Maven, or unpack Keycloak yourself and point KEYCLOAK_HOME at it.",
    );
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
