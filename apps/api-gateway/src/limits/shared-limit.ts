import type { Pool } from "pg";
import { RateLimiterMemory, RateLimiterPostgres } from "rate-limiter-flexible";
import type { Counted } from "./rate-limit-rows.ts";
import { type LimitPolicy, RateLimited } from "./rate-limited.ts";

export interface SharedLimitOptions extends LimitPolicy {
  /**
   * Points that are counted in this process before they are written to the table at once; 1 when left out. Another
   * replica can miss that many: for limits that are asked for often and need not be exact.
   */
  batch?: number;
}

/**
 * One limit, counted in PostgreSQL for all replicas together. Who is known here to be over it is refused from memory;
 * while the database is away each process counts for itself.
 */
export class SharedLimit {
  readonly #shared: RateLimiterPostgres;
  /** Counts while the database is away. */
  readonly #alone: RateLimiterMemory;
  readonly #unwritten: RateLimiterMemory;
  readonly #blocked: RateLimiterMemory;
  readonly #batch: number;

  constructor(
    readonly policy: SharedLimitOptions,
    pool: Pool,
    private readonly onLimited: (name: string) => void = () => {},
  ) {
    const { name, limit, windowSeconds, batch = 1 } = policy;
    const options = { keyPrefix: name, points: limit, duration: windowSeconds };
    this.#batch = Math.max(1, batch);
    this.#alone = new RateLimiterMemory(options);
    this.#unwritten = new RateLimiterMemory(options);
    this.#blocked = new RateLimiterMemory(options);
    this.#shared = new RateLimiterPostgres({
      ...options,
      storeClient: pool,
      storeType: "pool",
      tableName: "rate_limits",
      tableCreated: true,
      // Expired rows are pruned with everything else that is old.
      clearExpiredByTimeout: false,
      insuranceLimiter: this.#alone,
    });
  }

  /** @throws RateLimited when this process knows that there is no room; asks nobody */
  async check(key: string): Promise<void> {
    if (this.policy.limit === 0) return;
    const blocked = await this.#blocked.get(key);
    if (blocked) throw this.#limited(blocked);
  }

  /**
   * @param counted what a statement of the caller's read in the table; undefined: it got no answer, and what this
   *   process counted meanwhile is taken
   * @returns points that were counted
   * @throws RateLimited when there is no room
   */
  async judge(key: string, counted: Counted | null | undefined): Promise<number> {
    if (this.policy.limit === 0) return 0;
    await this.check(key);
    const state = counted === undefined ? await this.#alone.get(key) : counted;
    if (!state) return 0;
    if (await this.#remember(key, state)) throw this.#limited(state);
    return state.consumedPoints;
  }

  /** Counts one that has happened; whoever comes next is refused if it was the last. */
  async count(key: string): Promise<void> {
    if (this.policy.limit === 0) return;
    await this.#remember(key, await this.#shared.penalty(key, 1));
  }

  /** Counts one that is about to happen. @throws RateLimited when there is no room for it */
  async spend(key: string): Promise<void> {
    if (this.policy.limit === 0) return;
    await this.check(key);
    if (this.#batch > 1 && (await this.#unwritten.penalty(key)).consumedPoints % this.#batch !== 0) return;
    const state = await this.#shared.penalty(key, this.#batch);
    await this.#remember(key, state);
    if (state.consumedPoints > this.policy.limit) throw this.#limited(state);
  }

  /** Forgets what was counted. */
  async clear(key: string): Promise<void> {
    await this.#shared.delete(key);
  }

  async #remember(key: string, state: Counted): Promise<boolean> {
    const full = state.consumedPoints >= this.policy.limit;
    if (full) await this.#blocked.set(key, 1, Math.max(0.001, state.msBeforeNext / 1000));
    return full;
  }

  #limited(state: Counted): RateLimited {
    this.onLimited(this.policy.name);
    return new RateLimited(this.policy, state.msBeforeNext);
  }
}
