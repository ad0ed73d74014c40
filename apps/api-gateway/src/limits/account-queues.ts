import { RateLimited } from "./rate-limited.ts";

export interface AccountQueuesOptions {
  /** The longest wait of an attempt, in milliseconds. */
  waitMs: number;
  /** Most attempts that wait for one account. */
  waiting: number;
}

interface Waiter {
  /** When it stops waiting; of a clock that only goes forward. Milliseconds. */
  until: number;
  begin: () => void;
  refuse: () => void;
}

interface Queue {
  waiters: Waiter[];
  heldSince: number;
  /** Set while a pause keeps the next one waiting. */
  freeAt: number | undefined;
  /** How long an attempt has taken lately; undefined: none has ended yet. Milliseconds. */
  attemptMs: number | undefined;
}

/** How much the last attempt counts against those before it. */
const WEIGHT = 0.5;

/**
 * The queue of one process: one attempt per account at a time, in the order they came. Whoever would wait in vain, by how
 * long the account's attempts have taken lately, is refused at once, and not when the wait is over.
 */
export class AccountQueues {
  readonly #queues = new Map<string, Queue>();

  constructor(private readonly options: AccountQueuesOptions) {}

  /**
   * Waits until the attempt may begin; its caller must {@link end} it.
   * @param waitMs the longest wait of this one, in milliseconds
   * @throws RateLimited when that was not in time, or would not be
   */
  begin(key: string, waitMs = this.options.waitMs): Promise<void> {
    const now = performance.now();
    const queue = this.#queues.get(key);
    if (!queue) {
      this.#queues.set(key, { waiters: [], heldSince: now, freeAt: undefined, attemptMs: undefined });
      return Promise.resolve();
    }
    const until = now + waitMs;
    const { length } = queue.waiters;
    if (length >= this.options.waiting || startAt(queue, length, now) > until)
      return Promise.reject(accountBusy(waitMs));
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        queue.waiters.splice(queue.waiters.indexOf(waiter), 1);
      };
      const refuse = () => {
        leave();
        reject(accountBusy(waitMs));
      };
      const begin = () => {
        leave();
        resolve();
      };
      const waiter: Waiter = { until, begin, refuse };
      const timer = setTimeout(refuse, waitMs);
      queue.waiters.push(waiter);
    });
  }

  /** @param pauseMs how long the next one still waits, in milliseconds */
  end(key: string, pauseMs = 0): void {
    const queue = this.#queues.get(key);
    if (!queue) return;
    const now = performance.now();
    const tookMs = now - queue.heldSince;
    const { attemptMs = tookMs } = queue;
    queue.attemptMs = attemptMs + WEIGHT * (tookMs - attemptMs);
    if (pauseMs > 0) {
      queue.freeAt = now + pauseMs;
      setTimeout(() => this.#next(key, queue), pauseMs).unref();
    } else this.#next(key, queue);
    refuseLate(queue);
  }

  #next(key: string, queue: Queue): void {
    queue.heldSince = performance.now();
    queue.freeAt = undefined;
    const [next] = queue.waiters;
    if (next) next.begin();
    else this.#queues.delete(key);
  }
}

/**
 * When the waiter at this place may expect to begin; now, where nothing is known. Of those before it none is taken for
 * a failure, whose pause is long: one success lets all through.
 */
function startAt({ heldSince, freeAt, attemptMs = 0 }: Queue, place: number, now: number): number {
  return Math.max(now, freeAt ?? heldSince + attemptMs) + place * attemptMs;
}

/** Who leaves makes room for those behind. */
function refuseLate(queue: Queue): void {
  const now = performance.now();
  let place = 0;
  // Of a copy: refuse() takes the waiter out of the list.
  for (const waiter of queue.waiters.slice()) {
    if (startAt(queue, place, now) > waiter.until) waiter.refuse();
    else place += 1;
  }
}

/**
 * The name is part of the HTTP contract, as callers have known it.
 * @param waitMs how long was to be waited, in milliseconds
 */
export const accountBusy = (waitMs: number) =>
  new RateLimited({ name: "login-turn", limit: 1, windowSeconds: 1 }, Math.min(waitMs, 1000));
