import type { BulkPhase, BulkProgress, SyncCounts } from "./bulk-progress.ts";
import type { DifferenceKind } from "./difference.ts";

const EVERY_MS = 250;
/** What the rate is taken over. */
const LATELY_MS = 10_000;

export interface ProgressOptions {
  onProgress: ((progress: BulkProgress) => void) | undefined;
  counts: SyncCounts;
  differences: Record<DifferenceKind, number>;
  concurrency: () => number;
  now: () => Date;
  /** Milliseconds, steady. */
  clock?: () => number;
}

/** Reports how far a run is: a few times a second at most, and at each change of phase. */
export class ProgressReporter {
  runId: string | null = null;
  readonly #options: Required<ProgressOptions>;
  #phase: BulkPhase = "starting";
  #waitingFor: BulkProgress["waitingFor"] = null;
  #done = 0;
  #total: number | null = null;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #samples: { at: number; done: number }[] = [];

  constructor(options: ProgressOptions) {
    this.#options = { clock: () => performance.now(), ...options };
  }

  /** @param done users that an earlier run did */
  enter(phase: BulkPhase, total: number | null = null, done = 0): void {
    this.#phase = phase;
    this.#total = total;
    this.#done = done;
    this.#samples = [{ at: this.#options.clock(), done }];
    this.#report();
  }

  advance(users: number): void {
    this.#done += users;
    const at = this.#options.clock();
    this.#samples.push({ at, done: this.#done });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > LATELY_MS) this.#samples.shift();
    if (at - this.#reportedAt >= EVERY_MS) this.#report();
  }

  /** @param code why, where it changed meanwhile; null: what was waited for is back */
  waiting(code: string | null): void {
    if (code === (this.#waitingFor?.code ?? null)) return;
    this.#waitingFor = code === null ? null : { code, since: this.#waitingFor?.since ?? this.#options.now() };
    this.#report();
  }

  #report(): void {
    const { onProgress, clock, counts, differences, concurrency } = this.#options;
    this.#reportedAt = clock();
    const rate = this.#rate();
    const left = this.#total === null ? null : Math.max(0, this.#total - this.#done);
    onProgress?.({
      runId: this.runId,
      phase: this.#waitingFor ? "waiting" : this.#phase,
      done: this.#done,
      total: this.#total,
      rate,
      remainingMs: left === null || rate === 0 ? null : (left / rate) * 1000,
      counts: structuredClone(counts),
      differences: { ...differences },
      concurrency: concurrency(),
      waitingFor: this.#waitingFor,
    });
  }

  #rate(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at === first.at) return 0;
    return ((last.done - first.done) / (last.at - first.at)) * 1000;
  }
}
