import { setTimeout as sleep } from "node:timers/promises";
import { TokenBucket } from "limiter";
import pLimit, { type LimitFunction } from "p-limit";

/** Answers that take so many times as long as the best of late mean that Keycloak has too much to do. */
const SLOW = 3;
/** Faster than this is never slow, in milliseconds a user. */
const FAST_MS = 0.3;
/** Shorter answers take what a call takes, whatever is in them. */
const TELLING_USERS = 100;
/** The best of so many pages is what others are held to: caches warm up and cool down. */
const REMEMBERED = 40;
const STEP_UP = 0.1;
/** One read, and three times its duration without any. */
const LEAST = 0.25;

export interface ReadPaceOptions {
  /** Reads at once, at most. */
  concurrency: number;
  /** Users a second, at most. */
  maxRate?: number | undefined;
  clock?: () => number;
}

/**
 * How fast Keycloak is read: so many reads at once, and half as many as soon as its answers slow down; then more again,
 * little by little (additive increase, multiplicative decrease). Below one, it pauses between reads.
 */
export class ReadPace {
  readonly #limit: LimitFunction;
  readonly #bucket: TokenBucket | undefined;
  readonly #most: number;
  readonly #clock: () => number;
  readonly #latencies: number[] = [];
  #allowed: number;

  constructor({ concurrency, maxRate, clock = () => performance.now() }: ReadPaceOptions) {
    this.#most = Math.max(1, concurrency);
    this.#allowed = this.#most;
    this.#limit = pLimit(this.#most);
    this.#clock = clock;
    if (maxRate === undefined) return;
    // A fifth of a second's worth at once: what Keycloak is spared is bursts, too.
    this.#bucket = new TokenBucket({ bucketSize: Math.ceil(maxRate / 5), tokensPerInterval: maxRate, interval: 1000 });
  }

  /** Reads at once at the moment; below 1: the share of time in which one runs. */
  get concurrency(): number {
    return this.#allowed;
  }

  /** @param users how many the read is about to bring */
  read<T extends { users: readonly unknown[] }>(users: number, work: () => Promise<T>): Promise<T> {
    return this.#limit(async () => {
      await this.#takeTokens(users);
      const started = this.#clock();
      const result = await work();
      const latency = this.#clock() - started;
      this.observe(latency, result.users.length);
      if (this.#allowed < 1) await sleep(latency * (1 / this.#allowed - 1));
      return result;
    });
  }

  /** @param latencyMs of an answer with so many users */
  observe(latencyMs: number, users: number): void {
    if (users < TELLING_USERS) return;
    const each = latencyMs / users;
    const best = Math.max(FAST_MS, Math.min(...this.#latencies, each));
    this.#latencies.push(each);
    if (this.#latencies.length > REMEMBERED) this.#latencies.shift();
    const slow = each > best * SLOW;
    this.#allowed = slow ? Math.max(LEAST, this.#allowed / 2) : Math.min(this.#most, this.#allowed + STEP_UP);
    this.#limit.concurrency = Math.max(1, Math.floor(this.#allowed));
  }

  async #takeTokens(users: number): Promise<void> {
    if (!this.#bucket) return;
    for (let left = users; left > 0; left -= this.#bucket.bucketSize)
      await this.#bucket.removeTokens(Math.min(left, this.#bucket.bucketSize));
  }
}
