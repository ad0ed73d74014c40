import { type Logger, requestContext, withJitter } from "@libs/observability";
import type { Sweep } from "./sweep.ts";

/** Runs one sweep of this process: at an interval or when kicked, one run at a time, again at once while there is work. */
export class SweepLoop {
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #failed = false;

  /** @param intervalMs between two runs without work; undefined: only when kicked */
  constructor(
    private readonly sweep: Sweep,
    private readonly intervalMs: number | undefined,
    private readonly logger: Logger,
  ) {}

  /** Runs the sweep now, or once more after the run that is under way. @returns when it has run */
  kick(): Promise<void> {
    this.#again = true;
    // A request that wakes it would pass its deadline on, to every run and timer that follows.
    this.#running ??= requestContext.outside(() =>
      this.#work().finally(() => {
        this.#running = undefined;
        this.#plan();
      }),
    );
    return this.#running;
  }

  /** Resolves when a run that is under way has ended, and the sweep has given back what it held. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.sweep.abort?.();
    await this.#running;
    await this.sweep.close?.().catch(() => {});
  }

  async #work(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        if ((await this.sweep.run()) > 0) this.#again = true;
        this.#failed = false;
      } catch (error) {
        // An outage would repeat it every interval.
        if (!this.#failed)
          this.logger.error({ err: error, sweep: this.sweep.name }, "sweep failed: it will be retried");
        this.#failed = true;
      }
    }
  }

  #plan(): void {
    if (this.#stopped || this.intervalMs === undefined) return;
    // Not in step with other replicas.
    this.#timer = setTimeout(() => void this.kick(), withJitter(this.intervalMs, 0.75, 1.25));
  }
}
