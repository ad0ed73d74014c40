import { AuthError } from "@libs/problems";

/** A limit as callers see it. */
export interface LimitPolicy {
  /** Says what is counted, for example `login-account`. */
  name: string;
  /** Most points within a window; 0 turns the limit off. */
  limit: number;
  windowSeconds: number;
}

/**
 * 429 with what the caller needs to know to come back in time.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export class RateLimited extends AuthError {
  readonly headers: Record<string, string>;

  /** @param resetMs when there is room again, in milliseconds */
  constructor({ name, limit, windowSeconds }: LimitPolicy, resetMs: number) {
    super("rate.limited", { internal: `limit ${name}` });
    const seconds = Math.max(1, Math.ceil(resetMs / 1000));
    this.headers = {
      "retry-after": String(seconds),
      "ratelimit-policy": `"${name}";q=${limit};w=${windowSeconds}`,
      ratelimit: `"${name}";r=0;t=${seconds}`,
    };
  }
}
