const firstMs = 1_000;
const mostMs = 30_000;

/** When to try again: after 1 s, 2 s, 4 s … 30 s. @param attempts how many were made before */
export function backOff(now: Date, attempts: number): Date {
  return later(now, Math.min(mostMs, firstMs * 2 ** Math.min(attempts, 10)));
}

/** @param ms milliseconds */
export function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
