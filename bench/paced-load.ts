import type { SQL } from "bun";
import { percentile } from "../test/support/percentile.ts";

export interface LoadFigures {
  requests: number;
  failures: number;
  p50Ms: number;
  p99Ms: number;
  mostMs: number;
}

/** A request that takes longer has failed: the time that a service gives a query. Milliseconds. */
const TOO_LONG_MS = 2_000;

/**
 * Reads and writes single rows of `people` by turns, at a rate that does not depend on the answers: a request counts from
 * when it was due, so that waiting for a free connection counts too.
 */
export class PacedLoad {
  #took: number[] = [];
  #failures = 0;
  #isOver = false;
  readonly #running: Promise<void>;

  /** @param rows ids go from 1 to here @param rate requests a second */
  constructor(
    private readonly sql: SQL,
    private readonly rows: number,
    private readonly rate: number,
  ) {
    this.#running = this.#run();
  }

  /** What there was since the last call, of requests that are answered. */
  take(): LoadFigures {
    const [took, failures] = [this.#took, this.#failures];
    [this.#took, this.#failures] = [[], 0];
    const [p50Ms, p99Ms, mostMs] = [0.5, 0.99, 1].map((share) => percentile(took, share));
    return { requests: took.length, failures, p50Ms: p50Ms ?? 0, p99Ms: p99Ms ?? 0, mostMs: mostMs ?? 0 };
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const pending = new Set<Promise<void>>();
    const from = performance.now();
    for (let sent = 0; !this.#isOver; sent += 1) {
      const dueAt = from + (sent * 1000) / this.rate;
      await Bun.sleep(Math.max(0, dueAt - performance.now()));
      const request = this.#request(dueAt, sent % 2 === 0).finally(() => pending.delete(request));
      pending.add(request);
    }
    await Promise.all(pending);
  }

  async #request(dueAt: number, reads: boolean): Promise<void> {
    const id = 1 + Math.floor(Math.random() * this.rows);
    let isDone = false;
    try {
      const done = reads
        ? await this.sql`SELECT email FROM people WHERE id = ${id}`
        : await this.sql`UPDATE people SET logins = logins + 1 WHERE id = ${id} RETURNING id`;
      isDone = done.length === 1;
    } catch {
      // Counted below.
    }
    const tookMs = performance.now() - dueAt;
    if (!isDone || tookMs > TOO_LONG_MS) this.#failures += 1;
    this.#took.push(tookMs);
  }
}
