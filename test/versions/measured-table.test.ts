import { expect, test } from "bun:test";
import { NEWEST_KEYCLOAK, NEWEST_POSTGRES } from "./combinations.ts";
import type { Measured } from "./measured.ts";
import { measuredTable } from "./measured-table.ts";

const newest: Measured = {
  keycloak: NEWEST_KEYCLOAK,
  postgres: NEWEST_POSTGRES,
  day: "2026-01-02",
  passed: 30,
  failed: [],
  loginLimits: { "wrong password": 3, "unknown user": 3 },
  sync: { users: 5_000, seconds: 10 },
  arrivals: { mode: "events", median: 640, longest: 1_249 },
};
const old: Measured = {
  ...newest,
  keycloak: "24.0.5",
  passed: 20,
  failed: ["users sync"],
  loginLimits: { "wrong password": 0 },
  sync: undefined,
  arrivals: { mode: "reconciliation", median: 3_000, longest: 5_400 },
};
const rowsOf = (table: string) => table.trim().split("\n").slice(2);

test("a row has the figures, times compared with the newest pair's", () => {
  const slower = { ...newest, keycloak: "26.4.7", sync: { users: 5_000, seconds: 25 } };
  expect(rowsOf(measuredTable([newest, slower], [newest, slower]))).toEqual([
    `| ${NEWEST_KEYCLOAK} | ${NEWEST_POSTGRES} | 30 of 30 | wrong password 3 of 3, unknown user 3 of 3 | 10 s | 1.0 | by events: 0.6 s, at most 1.2 s |`,
    `| 26.4.7 | ${NEWEST_POSTGRES} | 30 of 30 | wrong password 3 of 3, unknown user 3 of 3 | 25 s | 2.5 | by events: 0.6 s, at most 1.2 s |`,
  ]);
});

test("what failed is seen, also where the set-up of a file left its journeys out of the report", () => {
  expect(rowsOf(measuredTable([old], [newest, old]))).toEqual([
    `| 24.0.5 | ${NEWEST_POSTGRES} | 20 of 30 | wrong password 0 of 3 | failed | – | by reconciliation: 3.0 s, at most 5.4 s |`,
  ]);
});

test("a pair that was never run says so", () => {
  expect(rowsOf(measuredTable([{ keycloak: "26.2.5", postgres: "18" }], [newest]))[0]).toStartWith(
    "| 26.2.5 | 18 | not run |",
  );
});
