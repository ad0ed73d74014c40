import { expect, test } from "bun:test";
import type { BulkProgress } from "./bulk-progress.ts";
import { ProgressReporter } from "./progress-reporter.ts";
import { newCounts, newDifferenceCounts } from "./sync-counts.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

function reporter() {
  const reported: BulkProgress[] = [];
  const time = { second: 0 };
  const progress = new ProgressReporter({
    onProgress: (one) => reported.push(one),
    counts: newCounts(),
    differences: newDifferenceCounts(),
    concurrency: () => 2,
    now: () => at(time.second),
    clock: () => time.second * 1000,
  });
  return { progress, reported, time };
}

test("while it waits it names the newest reason, and since when it has been waiting at all", () => {
  const { progress, reported, time } = reporter();
  progress.enter("scanning", 100);
  for (const [second, code] of [
    [1, "keycloak.unavailable"],
    [2, "keycloak.unavailable"],
    [3, "database.unavailable"],
    [4, null],
    [5, null],
  ] as const) {
    time.second = second;
    progress.waiting(code);
  }
  expect(reported.map(({ phase, waitingFor }) => [phase, waitingFor])).toEqual([
    ["scanning", null],
    ["waiting", { code: "keycloak.unavailable", since: at(1) }],
    ["waiting", { code: "database.unavailable", since: at(1) }],
    ["scanning", null],
  ]);
});

test("a rate and what is left, over the last ten seconds and without what an earlier run did", () => {
  const { progress, reported, time } = reporter();
  progress.enter("scanning", 1_000, 500);
  for (let second = 1; second <= 4; second++) {
    time.second = second;
    progress.advance(50);
  }
  expect(reported.at(-1)).toMatchObject({ done: 700, total: 1_000, rate: 50, remainingMs: 6_000 });
});
