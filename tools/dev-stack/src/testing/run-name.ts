import { randomBytes } from "node:crypto";
import { RUN_NAME } from "./parallel-run.ts";

const OLD_AFTER_MS = 2 * 60 * 60 * 1000;

/**
 * Begins the names of everything that one test run makes; carries the time, so that leftovers can be recognised. In a
 * worker of a parallel run it continues the name of that run.
 */
export function newRunName(now = Date.now()): string {
  const parallelRun = process.env[RUN_NAME];
  if (parallelRun) return `${parallelRun}_${randomBytes(4).toString("hex")}`;
  return `test_${now.toString(36)}_${randomBytes(4).toString("hex")}`;
}

/** Whether a realm or database belongs to a test run that began over two hours ago. */
export function isOldRun(name: string, now = Date.now()): boolean {
  const began = /^test[_-]([0-9a-z]+)[_-][0-9a-f]{8}/.exec(name)?.[1];
  return began !== undefined && now - Number.parseInt(began, 36) > OLD_AFTER_MS;
}
