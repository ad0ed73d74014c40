import { AuthError } from "@libs/problems";
import { LRUCache } from "lru-cache";

export interface UnknownTokenGateOptions {
  /** Questions about one session in a minute. */
  perSession?: number;
  /** Questions at once, of all sessions. */
  atOnce?: number;
}

const MINUTE_MS = 60_000;
const REMEMBERED = 10_000;

/**
 * Bounds how often Keycloak is asked about refresh tokens that no row knows: anybody who has an access token of a session
 * can write what reads like one. Each process has one.
 */
export class UnknownTokenGate {
  readonly #refused = new LRUCache<string, true>({ max: REMEMBERED, ttl: MINUTE_MS });
  readonly #asked = new LRUCache<string, { count: number }>({ max: REMEMBERED, ttl: MINUTE_MS });
  readonly #perSession: number;
  readonly #atOnce: number;
  #running = 0;

  constructor({ perSession = 10, atOnce = 20 }: UnknownTokenGateOptions = {}) {
    this.#perSession = perSession;
    this.#atOnce = atOnce;
  }

  /**
   * Refuses at once what {@link ask} would refuse: before anything is taken for it.
   * @throws AuthError as {@link ask} does
   */
  check(sessionId: string, refreshTokenHash: string): void {
    if (this.#refused.has(keyOf(sessionId, refreshTokenHash)))
      throw new AuthError("session.invalid", { internal: "Keycloak has refused this token" });
    if (this.#running >= this.#atOnce || (this.#asked.get(sessionId)?.count ?? 0) >= this.#perSession)
      throw new AuthError("session.busy", { internal: "Keycloak is asked about too many unknown refresh tokens" });
  }

  /**
   * @param ask asks Keycloak. An AuthError `session.invalid` is its final answer about this token, for a minute
   * @throws AuthError `session.invalid` for a token that was refused; `session.busy` when there is no room
   */
  async ask<T>(sessionId: string, refreshTokenHash: string, ask: () => Promise<T>): Promise<T> {
    this.check(sessionId, refreshTokenHash);
    this.#count(sessionId);
    this.#running += 1;
    try {
      return await ask();
    } catch (error) {
      if (error instanceof AuthError && error.code === "session.invalid")
        this.#refused.set(keyOf(sessionId, refreshTokenHash), true);
      throw error;
    } finally {
      this.#running -= 1;
    }
  }

  #count(sessionId: string): void {
    const asked = this.#asked.get(sessionId) ?? { count: 0 };
    asked.count += 1;
    // The minute begins with the first.
    if (asked.count === 1) this.#asked.set(sessionId, asked);
  }
}

const keyOf = (sessionId: string, refreshTokenHash: string) => `${sessionId} ${refreshTokenHash}`;
