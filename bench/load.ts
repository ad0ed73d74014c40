/** One call of a load; throws when it did not succeed. */
export type Call = (worker: number) => Promise<void>;

export interface LoadResult {
  calls: number;
  seconds: number;
  /** Milliseconds, unsorted. */
  latencies: number[];
}

/**
 * Keeps `concurrency` calls under way for `durationMs`.
 * @throws what a call throws: a benchmark of failures says nothing
 */
export async function runLoad(call: Call, concurrency: number, durationMs: number): Promise<LoadResult> {
  const latencies: number[] = [];
  const started = performance.now();
  const worker = async (index: number) => {
    while (performance.now() - started < durationMs) {
      const before = performance.now();
      await call(index);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, index) => worker(index)));
  return { calls: latencies.length, seconds: (performance.now() - started) / 1000, latencies };
}

/** @param share 0.5 for the median, 0.99 for p99 */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
