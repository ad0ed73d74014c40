import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

/**
 * Runs `work` while holding the lock `file`, so that two checkouts do not prepare one cache folder at once.
 * A lock whose holder is dead is taken over.
 * @param onWait called once if another process holds the lock
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, onWait: (pid: number) => void): Promise<T> {
  let reported = false;
  while (!tryLock(file)) {
    const holder = lockHolder(file);
    if (holder && !reported) {
      reported = true;
      onWait(holder.pid);
    }
    await new Promise((done) => setTimeout(done, 250));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Takes the lock unless a living process has it. */
export function tryLock(file: string): boolean {
  const self = identify(process.pid);
  const draft = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    if (!lockHolder(file)) rmSync(file, { force: true });
    // A link appears with its content or not at all, and fails if the name exists.
    linkSync(draft, file);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The living process that has the lock. */
export function lockHolder(file: string): ProcessIdentity | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
    return isAlive(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
}
