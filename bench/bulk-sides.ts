import { spawnSupervised } from "@libs/dev-stack";
import type { SyncCounts, SyncResult } from "@libs/keycloak-authV2/services/bulk";
import { AuthctlProcess } from "../test/support/authctl-process.ts";
import type { CreatedSample } from "../test/support/keycloak-population.ts";
import type { ReaderInput, ReaderResult } from "./bulk-reader.ts";

const readerFile = Bun.fileURLToPath(new URL("./bulk-reader.ts", import.meta.url));

export interface SideResult extends ReaderResult {
  /** Of authctl's process; readers don't measure theirs. */
  peakMiB: number;
  /** CPU time of the process, its start included. */
  cpuMs: number;
  counts?: SyncCounts;
}

/**
 * Reads in a process of its own, whose start is not counted.
 * @param side `scan`: the product's own reads; `pages`: plain pages by offset; `guide`: one look-up and one write a user
 */
export async function runReader(
  env: Record<string, string>,
  side: "scan" | "pages" | "guide",
  input: ReaderInput = {},
): Promise<SideResult> {
  const { PATH, HOME } = process.env;
  const child = spawnSupervised([process.execPath, readerFile, side], {
    env: { PATH, HOME, ...env },
    stdin: new Blob([JSON.stringify(input)]),
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`reading (${side}) failed`);
  const cpuMs = Number(child.resourceUsage()?.cpuTime.total ?? Number.NaN) / 1000;
  return { ...(JSON.parse(text) as ReaderResult), peakMiB: Number.NaN, cpuMs };
}

/** `authctl users <command>` in a process of its own, whose start is not counted. @param sample only these users */
export async function runAuthctl(
  env: Record<string, string>,
  command: "sync" | "verify",
  sample?: CreatedSample,
  onProgress: (scanned: number, process: AuthctlProcess) => void = () => {},
): Promise<SideResult> {
  const filter = sample ? ["--created-after", iso(sample.from), "--created-before", iso(sample.to)] : [];
  const authctl: AuthctlProcess = AuthctlProcess.start(env, ["users", command, ...filter], ({ type, counts }) => {
    if (type === "progress") onProgress((counts as SyncCounts).scanned, authctl);
  });
  const { counts, durationMs, state } = await authctl.result<SyncResult>();
  if (state !== "finished" || (await authctl.exited) !== 0)
    throw new Error(`authctl users ${command} was ${state}: ${authctl.errors}`);
  return { users: counts.scanned, ms: durationMs, peakMiB: authctl.peakMiB, cpuMs: authctl.cpuMs, counts };
}

const iso = (ms: number) => new Date(ms).toISOString();
