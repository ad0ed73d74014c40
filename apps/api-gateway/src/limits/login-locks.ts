import { randomUUID } from "node:crypto";
import { remainingMs, withJitter } from "@libs/observability";
import { AccountQueues, type AccountQueuesOptions, accountBusy } from "./account-queues.ts";
import type { LoginPermits } from "./login-permits.ts";
import type { Counted } from "./rate-limit-rows.ts";

export interface LoginLocksOptions extends AccountQueuesOptions {
  /** How long a failure keeps the next attempt waiting, in milliseconds. */
  failurePauseMs: number;
  /** The same after an attempt that Keycloak did not answer: it may still be at it. Milliseconds. */
  unansweredPauseMs: number;
  /** The same after a success, whose account Keycloak lets go a moment after its answer. None when left out. Milliseconds. */
  successPauseMs?: number;
  /** What the wait leaves of the request's time for the attempt itself; nothing when left out. Milliseconds. */
  reservedMs?: number;
}

/** `failed`: it counts as a failure in Keycloak. `unanswered`: it was sent, and nobody knows what came of it. */
export type AttemptEnd = "failed" | "unanswered" | "over";

/** How often the head of a process's queue asks for a permit that another replica has, on average. Milliseconds. */
const POLL_MS = 50;

interface Permit {
  holder: string;
  /** Undefined: the database did not answer, and this process goes by itself. */
  counted: Counted | null | undefined;
}

/**
 * One login attempt per account at a time, on all replicas together. Keycloak's brute-force protection takes attempts
 * in parallel, and a second failure within a second, for an attack, and then refuses the right password too.
 *
 * The queue of this process stands in front, so that only its head asks the database. While that is away the locks hold
 * for each process.
 */
export class LoginLocks {
  readonly #local: AccountQueues;
  readonly #ending = new Set<Promise<void>>();

  constructor(
    private readonly permits: LoginPermits,
    private readonly options: LoginLocksOptions,
  ) {
    this.#local = new AccountQueues(options);
  }

  /**
   * @param attempt gets what the account's limit has counted; undefined when the database did not answer
   * @param endOf what an error of `attempt` says of its end in Keycloak
   * @throws RateLimited when the account was not free in time; else what `attempt` throws
   */
  async run<T>(
    key: string,
    attempt: (counted: Counted | null | undefined) => Promise<T>,
    endOf: (error: unknown) => AttemptEnd,
  ): Promise<T> {
    const permit = await this.#begin(key);
    let [heldMs, pauseMs] = [0, 0];
    try {
      const result = await attempt(permit.counted);
      heldMs = this.options.successPauseMs ?? 0;
      return result;
    } catch (error) {
      pauseMs = this.#pauseAfter(endOf(error));
      throw error;
    } finally {
      // The answer does not wait for it.
      this.#end(key, permit, heldMs, pauseMs);
    }
  }

  #pauseAfter(end: AttemptEnd): number {
    if (end === "over") return 0;
    return end === "failed" ? this.options.failurePauseMs : this.options.unansweredPauseMs;
  }

  /** Resolves when no permit is being given back any more. */
  async drain(): Promise<void> {
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  async #begin(key: string): Promise<Permit> {
    const { waitMs, reservedMs = 0 } = this.options;
    const longestMs = Math.max(0, remainingMs(waitMs + reservedMs) - reservedMs);
    const until = performance.now() + longestMs;
    await this.#local.begin(key, longestMs);
    try {
      return await this.#take(key, until);
    } catch (error) {
      this.#local.end(key);
      throw error;
    }
  }

  async #take(key: string, until: number): Promise<Permit> {
    const holder = randomUUID();
    for (;;) {
      const answer = await this.permits.take(key, holder).catch(() => undefined);
      if (!answer) return { holder, counted: undefined };
      if (answer.taken) return { holder, counted: answer.counted };
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw accountBusy(this.options.waitMs);
      // Not in step with other replicas.
      await Bun.sleep(Math.min(leftMs, withJitter(POLL_MS, 0.5, 1.5)));
    }
  }

  /**
   * @param heldMs how long the permit is held before it is given back: for so short a time no row is left behind
   * @param pauseMs how long nobody may have it after that
   */
  #end(key: string, { holder, counted }: Permit, heldMs: number, pauseMs: number): void {
    const held = heldMs > 0 ? Bun.sleep(heldMs) : Promise.resolve();
    // Taken or not, it may have been without our hearing of it; if this is not heard either, its time ends.
    const released = held.then(() => this.permits.release(key, holder, pauseMs)).catch(() => {});
    // In this order the next one here finds the account free at once.
    const ended = (counted === undefined ? held : released).then(() => this.#local.end(key, pauseMs));
    const both = Promise.all([released, ended]).then(() => {});
    this.#ending.add(both);
    void both.finally(() => this.#ending.delete(both));
  }
}
