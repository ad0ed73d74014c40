import { backOffMs } from "@libs/observability";

const PAUSES = { firstMs: 1_000, mostMs: 30_000 };

/** When to try again: after 1 s, 2 s, 4 s … 30 s. @param attempts how many were made before */
export function backOff(now: Date, attempts: number): Date {
  return later(now, backOffMs(attempts, PAUSES));
}

/** @param ms milliseconds */
export function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
