import { expect, test } from "bun:test";
import { isOldRun, newRunName } from "./run-name.ts";

const HOUR_MS = 3_600_000;

test("only names of test runs, and only old ones, are leftovers", () => {
  const now = Date.now();
  const name = newRunName(now);
  expect(isOldRun(name, now + HOUR_MS)).toBe(false);
  expect(isOldRun(name, now + 3 * HOUR_MS)).toBe(true);
  expect(isOldRun(`${name}_template`, now + 3 * HOUR_MS)).toBe(true);
  expect(isOldRun(name.replaceAll("_", "-"), now + 3 * HOUR_MS)).toBe(true);
  for (const other of ["app", "master", "keycloak", "test", "test_orders"]) expect(isOldRun(other, now)).toBe(false);
});
