import { setTimeout as sleep } from "node:timers/promises";
import { TokenBucket } from "limiter";
import pLimit, { type LimitFunction } from "p-limit";

/** Answers that take so many times as long as usual mean that Keycloak has too much to do. */
const SLOW = 3;
/** Faster than this is never slow, in milliseconds a user: half a second for a page of 500. */
const FAST_MS = 1;
/** Shorter answers take what a call takes, whatever is in them. */
const ENOUGH_USERS = 100;
/** Usual is the median of so many: users that Keycloak has not in its cache take ten times as long, for stretches. */
const USUAL = 60;
/** The median of so many is compared with it: one slow answer means nothing. */
const RECENT = 5;
/** Reads that were begun before a change of pace say nothing of it. */
const REST = 3;
const STEP_UP = 0.1;
/** One read, and as long again without any. */
const LEAST = 0.5;

export interface ReadPaceOptions {
  /** Reads at once, at most. */
  concurrency: number;
  /** Users a second, at most. */
  maxRate?: number | undefined;
  clock?: () => number;
}

/**
 * How fast Keycloak is read: so many reads at once, and half as many when its answers slow down; then more again, little by
 * little (additive increase, multiplicative decrease). Below one, it pauses between reads.
 */
export class ReadPace {
  readonly #limit: LimitFunction;
  readonly #bucket: TokenBucket | undefined;
  readonly #most: number;
  readonly #clock: () => number;
  readonly #latencies: number[] = [];
  #allowed: number;
  #rest = 0;

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
    if (users < ENOUGH_USERS) return;
    this.#latencies.push(latencyMs / users);
    if (this.#latencies.length > USUAL) this.#latencies.shift();
    const slow = median(this.#latencies.slice(-RECENT)) > SLOW * Math.max(FAST_MS / SLOW, median(this.#latencies));
    if (this.#rest > 0) this.#rest -= 1;
    else if (slow) {
      this.#allowed = Math.max(LEAST, this.#allowed / 2);
      this.#rest = REST;
    } else this.#allowed = Math.min(this.#most, this.#allowed + STEP_UP);
    this.#limit.concurrency = Math.max(1, Math.floor(this.#allowed));
  }

  async #takeTokens(users: number): Promise<void> {
    if (!this.#bucket) return;
    for (let left = users; left > 0; left -= this.#bucket.bucketSize)
      await this.#bucket.removeTokens(Math.min(left, this.#bucket.bucketSize));
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
