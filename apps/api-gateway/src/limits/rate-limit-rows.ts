/**
 * How rate-limiter-flexible lays out its table, for statements that read a count beside something else. Nothing else
 * knows it, and a test holds this file to the library's own reading.
 */
export interface RateLimitRow {
  points: number;
  /** Milliseconds since the epoch, as text: it is a bigint. Null: it never ends. */
  expire: string | null;
}

/** What was counted within the window that is running. */
export interface Counted {
  consumedPoints: number;
  /** Until the window ends, in milliseconds; -1: it does not. */
  msBeforeNext: number;
}

/** @param limit its name, the library's `keyPrefix` */
export const rateLimitKey = (limit: string, key: string) => `${limit}:${key}`;

/** The statement. @param key @param now placeholders of the row's key and of the time in milliseconds since the epoch */
export const selectRateLimit = (key: string, now: string) =>
  `SELECT points, expire FROM rate_limits WHERE key = ${key} AND (expire > ${now} OR expire IS NULL)`;

export const counted = ({ points, expire }: RateLimitRow, now: number): Counted => ({
  consumedPoints: points,
  msBeforeNext: expire === null ? -1 : Math.max(Number(expire) - now, 0),
});
