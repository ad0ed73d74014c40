import { DatabaseTimeoutError } from "@libs/database";

/** A batch that takes longer is halved, so that a growing table costs more batches and not a time-out. Milliseconds. */
const SLOW_MS = 500;
/** After one that took less, the next is twice as large. Milliseconds. */
const QUICK_MS = 100;

/** Whether a batch that failed may do with fewer rows. @param tried how many it took */
export const canBeSmaller = (error: unknown, tried: number): boolean =>
  error instanceof DatabaseTimeoutError && tried > 1;

/**
 * How many rows the next batch takes: bounded by rows and by time. A batch that timed out is never repeated as it was: the
 * next one is half as large.
 */
export class BatchSize {
  #rows: number;

  /** @param most rows of a batch, and of the first one */
  constructor(
    private readonly most: number,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#rows = most;
  }

  get rows(): number {
    return this.#rows;
  }

  /** One batch. @throws what `work` throws; after a DatabaseTimeoutError the next batch is half as large */
  async run<T>(work: (rows: number) => Promise<T>): Promise<T> {
    const startedAt = this.clock();
    try {
      const result = await work(this.#rows);
      const tookMs = this.clock() - startedAt;
      if (tookMs > SLOW_MS) this.#halve();
      else if (tookMs < QUICK_MS) this.#rows = Math.min(this.most, this.#rows * 2);
      return result;
    } catch (error) {
      if (error instanceof DatabaseTimeoutError) this.#halve();
      throw error;
    }
  }

  /** One batch, tried again at half the size as long as it times out. @throws what `work` throws, of a single row too */
  async runSmaller<T>(work: (rows: number) => Promise<T>): Promise<T> {
    for (;;) {
      const tried = this.#rows;
      try {
        return await this.run(work);
      } catch (error) {
        if (!canBeSmaller(error, tried)) throw error;
      }
    }
  }

  #halve(): void {
    this.#rows = Math.max(1, Math.floor(this.#rows / 2));
  }
}
