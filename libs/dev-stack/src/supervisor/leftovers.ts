import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../base/report.ts";
import { endProcess, isAlive } from "../machine/process-identity.ts";
import type { KeeperRecord } from "./protocol.ts";

/** Name of the keeper's record in the state folder of a stack. */
export const RECORD_NAME = "processes.json";

/**
 * Ends what killed keepers left behind: only processes whose pid and start time are those on record, and only where the
 * keeper itself is dead. Then removes the disposable folders and the record.
 * @param stateDirs folders that may hold a record
 */
export async function endLeftovers(stateDirs: readonly string[], report: Report): Promise<void> {
  for (const stateDir of stateDirs) {
    const file = join(stateDir, RECORD_NAME);
    const record = readRecord(file);
    if (!record || isAlive(record.keeper)) continue;
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

/** The record of a keeper, if it can be read. */
export function readRecord(file: string): KeeperRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as KeeperRecord;
  } catch {
    return undefined;
  }
}
