import { RateLimited } from "./rate-limited.ts";

export interface AccountTurnsOptions {
  /** How long a failure keeps the next attempt waiting, in milliseconds. */
  failurePauseMs: number;
  /** The longest wait for one's turn, in milliseconds. */
  waitMs: number;
  /** Most attempts that wait for one account. */
  waiting: number;
}

type Waiter = () => void;

/**
 * One login attempt per account at a time, in this process. Keycloak's brute-force protection takes attempts in
 * parallel, and a second failure within a second, for an attack, and then refuses the right password too.
 */
export class AccountTurns {
  readonly #queues = new Map<string, Waiter[]>();

  constructor(private readonly options: AccountTurnsOptions) {}

  /**
   * @param isFailure whether what `attempt` threw counts as a failure in Keycloak
   * @throws RateLimited when the turn did not come in time; else what `attempt` throws
   */
  async run<T>(key: string, attempt: () => Promise<T>, isFailure: (error: unknown) => boolean): Promise<T> {
    await this.#begin(key);
    let pauseMs = 0;
    try {
      return await attempt();
    } catch (error) {
      if (isFailure(error)) pauseMs = this.options.failurePauseMs;
      throw error;
    } finally {
      if (pauseMs > 0) setTimeout(() => this.#end(key), pauseMs).unref();
      else this.#end(key);
    }
  }

  #begin(key: string): Promise<void> {
    const queue = this.#queues.get(key);
    if (!queue) {
      this.#queues.set(key, []);
      return Promise.resolve();
    }
    if (queue.length >= this.options.waiting) return Promise.reject(tooMany(this.options));
    return new Promise((resolve, reject) => {
      const waiter = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiter), 1);
        reject(tooMany(this.options));
      }, this.options.waitMs);
      queue.push(waiter);
    });
  }

  #end(key: string): void {
    const next = this.#queues.get(key)?.shift();
    if (next) next();
    else this.#queues.delete(key);
  }
}

const tooMany = ({ waitMs }: AccountTurnsOptions) =>
  new RateLimited({ name: "login-turn", limit: 1, windowSeconds: 1 }, Math.min(waitMs, 1000));
