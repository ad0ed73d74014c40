import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../base/report.ts";
import { endProcess, isAlive, type ProcessIdentity } from "../machine/process-identity.ts";
import type { SupervisorRecord } from "./protocol.ts";

/** Name of the supervisor's record in the state folder of a stack. */
export const RECORD_NAME = "processes.json";

/**
 * Ends what killed supervisors left behind: only processes whose pid and start time are those on record, and only where the
 * supervisor itself is dead. Then removes the disposable folders and the record.
 * @param stateDirs folders that may hold a record
 */
export async function endLeftovers(stateDirs: readonly string[], report: Report): Promise<void> {
  for (const stateDir of stateDirs) {
    const file = join(stateDir, RECORD_NAME);
    const record = readRecord(file);
    if (!record || isAlive(record.supervisor)) continue;
    for (const entry of [...record.processes].reverse()) {
      if (!isAlive(entry)) continue;
      report(`Ending ${entry.name} (pid ${entry.pid}), left over from a run that was killed.`);
      await endProcess(entry, entry.stopSignal);
    }
    rmSync(file, { force: true });
    for (const folder of record.disposable) rmSync(folder, { recursive: true, force: true });
  }
}

/** State folders of stacks that tests started: one folder a process. */
export function runDirs(devDir: string): string[] {
  const runs = join(devDir, "runs");
  return existsSync(runs) ? readdirSync(runs).map((name) => join(runs, name)) : [];
}

/** The record of a supervisor, if it can be read. */
export function readRecord(file: string): SupervisorRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as SupervisorRecord & { keeper?: ProcessIdentity };
    // A stack that an earlier version runs has it under another name.
    return { ...record, supervisor: record.supervisor ?? record.keeper };
  } catch {
    return undefined;
  }
}
