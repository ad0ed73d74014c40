import { AsyncLocalStorage } from "node:async_hooks";
import { remainingMs } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { BulkheadRejectedError, bulkhead, TaskCancelledError } from "cockatiel";

export interface HashingOptions {
  /** Most calls at once that make Keycloak hash a password; 0 sets no bound. */
  concurrency: number;
  /** Most calls that wait for their turn. */
  queue: number;
  /** The longest that one waits, in milliseconds. */
  waitMs: number;
  /** What the wait leaves of the request's time for the call itself; nothing when left out. Milliseconds. */
  reservedMs?: number;
}

/** With less of its time left than this share a call is not begun: it would be cut short. */
const LEAST_SHARE = 0.5;

/** How much of a measurement goes into the moving average of the service time. */
const WEIGHT = 0.1;

/**
 * Bounds the calls that make Keycloak hash a password: that is by far its dearest work, and more of it at once only
 * makes each slower. Whoever would have to wait too long, by what calls took lately, is refused at once.
 */
export class HashingBulkhead {
  readonly #policy;
  readonly #options: HashingOptions;
  #averageMs = 0;

  constructor(options: HashingOptions) {
    this.#options = options;
    this.#policy = bulkhead(options.concurrency, options.queue);
  }

  get active(): number {
    return this.#options.concurrency - this.#policy.executionSlots;
  }

  get queued(): number {
    return this.#options.queue - this.#policy.queueSlots;
  }

  /** For callers that have work to do before: whether they would be refused now. @throws AuthError `service.overloaded` */
  assertRoom(): void {
    const { executionSlots, queueSlots } = this.#policy;
    if (executionSlots > 0) return;
    if (queueSlots === 0 || this.#expectedWaitMs() > this.#options.waitMs) throw refusal();
  }

  /** @throws AuthError what `work` throws, or `service.overloaded` with `neverSent` */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.assertRoom();
    const { waitMs, reservedMs = 0 } = this.#options;
    if (remainingMs(reservedMs) < reservedMs * LEAST_SHARE) throw refusal();
    const longestMs = Math.max(0, remainingMs(waitMs + reservedMs) - reservedMs);
    // Whoever waits is started by the call that ends, and must not run within that request's context and deadline.
    const inOwnContext = AsyncLocalStorage.snapshot();
    const waiting = new AbortController();
    let timer: Timer | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        waiting.abort();
        reject(refusal());
      }, longestMs);
    });
    const call = this.#policy.execute(() => {
      clearTimeout(timer);
      return inOwnContext(() => this.#measured(work));
    }, waiting.signal);
    try {
      return await Promise.race([call, expired]);
    } catch (error) {
      throw error instanceof BulkheadRejectedError || error instanceof TaskCancelledError ? refusal() : error;
    } finally {
      clearTimeout(timer);
      call.catch(() => {});
    }
  }

  #expectedWaitMs(): number {
    return ((this.queued + 1) * this.#averageMs) / this.#options.concurrency;
  }

  async #measured<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      const tookMs = performance.now() - started;
      this.#averageMs = this.#averageMs === 0 ? tookMs : this.#averageMs + WEIGHT * (tookMs - this.#averageMs);
    }
  }
}

const refusal = () =>
  new AuthError("service.overloaded", { internal: "no free permit for password hashing", neverSent: true });
