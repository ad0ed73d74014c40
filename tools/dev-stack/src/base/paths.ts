import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { PRODUCT } from "./constants.ts";

/** Root folder of the checkout. */
export const ROOT = resolve(import.meta.dir, "../../../..");

/** What a running stack writes: state, logs, data. Git-ignored; `STACK_DIR` names another folder, for a second stack. */
export const DEV_DIR = resolve(ROOT, process.env["STACK_DIR"] || ".dev");

/** What the running stack gives tests, benchmarks and tools. */
export const STACK_FILE = join(DEV_DIR, "stack.json");

/** Downloads and built servers, shared by every checkout of this user. */
export function cacheDir(env: Record<string, string | undefined> = process.env): string {
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), PRODUCT);
}

/**
 * A folder that any user of the machine can enter, for the case that PostgreSQL must run as another user (we are root)
 * and the checkout lies where that user cannot go. One per checkout.
 */
export function publicDir(): string {
  const id = createHash("sha256").update(ROOT).digest("hex").slice(0, 10);
  return join("/var/tmp", `${PRODUCT}-${id}`);
}
