/** The pause after a long step, at most; what the allowed rate takes comes on top. Milliseconds. */
const LONGEST_PAUSE_MS = 2_000;

/** Leaves Keycloak rest between steps: as long without a call as the calls took, and no more of them than are allowed. */
export class CallRest {
  #startedAt = 0;
  #calls = 0;
  #until = Number.NEGATIVE_INFINITY;

  /**
   * @param maxCallsPerSecond on average, over a step and the rest after it
   * @param monotonicMs a clock that only goes forward, in milliseconds
   */
  constructor(
    private readonly maxCallsPerSecond: number,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  /** Until the next call may be made. Milliseconds; 0: it may be now. */
  get leftMs(): number {
    return Math.max(0, this.#until - this.monotonicMs());
  }

  /** A step begins. */
  begin(): void {
    this.#startedAt = this.monotonicMs();
    this.#calls = 0;
  }

  called(calls = 1): void {
    this.#calls += calls;
  }

  /** A step is over. @returns how many calls it took */
  end(): number {
    const now = this.monotonicMs();
    const pauseMs = Math.min(now - this.#startedAt, LONGEST_PAUSE_MS);
    const allowedMs = (this.#calls * 1000) / this.maxCallsPerSecond;
    if (this.#calls > 0) this.#until = Math.max(this.#until, now + Math.max(pauseMs, allowedMs));
    return this.#calls;
  }
}
