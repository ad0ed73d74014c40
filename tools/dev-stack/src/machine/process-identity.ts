import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process that can't be confused with a later one of the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: boot and start time of the process. */
  startedAt: string;
}

/** When the process began, or undefined if there is none (a zombie counts as none). */
export function processStart(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      return parseProcStat(readFileSync(`/proc/${pid}/stat`, "utf8"), bootId());
    } catch {
      return undefined;
    }
  }
  const answer = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return answer.stdout?.trim() || undefined;
}

/** Start time out of `/proc/<pid>/stat` (proc(5): field 22, after a name that may hold spaces and parentheses). */
export function parseProcStat(stat: string, boot: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const ticks = fields[19];
  return !ticks || state === "Z" || state === "X" ? undefined : `${boot}:${ticks}`;
}

export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = processStart(pid);
  return startedAt ? { pid, startedAt } : undefined;
}

export function isAlive(identity: ProcessIdentity): boolean {
  return processStart(identity.pid) === identity.startedAt;
}

/**
 * Ends a process if it is still the one that was recorded, and waits until it is gone.
 * @param graceMs how long it may take to end by itself before it is killed
 */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals = "SIGTERM",
  graceMs = 10_000,
): Promise<void> {
  if (!isAlive(identity)) return;
  send(identity.pid, signal);
  if (await gone(identity, graceMs)) return;
  send(identity.pid, "SIGKILL");
  await gone(identity, 5_000);
}

async function gone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(identity)) {
    if (Date.now() >= deadline) return false;
    await new Promise((done) => setTimeout(done, 25));
  }
  return true;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the check and the signal.
  }
}

let knownBootId: string | undefined;
function bootId(): string {
  knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return knownBootId;
}
