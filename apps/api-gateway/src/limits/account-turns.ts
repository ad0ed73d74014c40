import { RateLimited } from "./rate-limited.ts";

export interface AccountTurnsOptions {
  /** The longest wait for one's turn, in milliseconds. */
  waitMs: number;
  /** Most attempts that wait for one account. */
  waiting: number;
}

type Waiter = () => void;

/** The queue of one process: one attempt per account at a time, in the order they came. */
export class AccountTurns {
  readonly #queues = new Map<string, Waiter[]>();

  constructor(private readonly options: AccountTurnsOptions) {}

  /** Waits for the turn; who got it must {@link end} it. @throws RateLimited when it did not come in time */
  begin(key: string): Promise<void> {
    const queue = this.#queues.get(key);
    if (!queue) {
      this.#queues.set(key, []);
      return Promise.resolve();
    }
    if (queue.length >= this.options.waiting) return Promise.reject(noTurn(this.options.waitMs));
    return new Promise((resolve, reject) => {
      const waiter = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiter), 1);
        reject(noTurn(this.options.waitMs));
      }, this.options.waitMs);
      queue.push(waiter);
    });
  }

  /** @param pauseMs how long the next one still waits, in milliseconds */
  end(key: string, pauseMs = 0): void {
    if (pauseMs > 0) {
      setTimeout(() => this.end(key), pauseMs).unref();
      return;
    }
    const next = this.#queues.get(key)?.shift();
    if (next) next();
    else this.#queues.delete(key);
  }
}

/** @param waitMs how long was waited in vain, in milliseconds */
export const noTurn = (waitMs: number) =>
  new RateLimited({ name: "login-turn", limit: 1, windowSeconds: 1 }, Math.min(waitMs, 1000));
