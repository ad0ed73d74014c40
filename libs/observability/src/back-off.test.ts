import { expect, test } from "bun:test";
import { backOffMs, withJitter } from "./back-off.ts";

const seconds = { firstMs: 1_000, mostMs: 30_000 };

test("a pause doubles with each failure, up to the longest", () => {
  expect([0, 1, 2, 3, 4, 5, 6].map((failures) => backOffMs(failures, seconds))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
  ]);
});

test("however many failures there were, a pause is a number", () => {
  expect(backOffMs(5_000, seconds)).toBe(30_000);
});

test("jitter stays within its bounds", () => {
  expect(withJitter(1_000, 0.75, 1.25, () => 0)).toBe(750);
  expect(withJitter(1_000, 0.75, 1.25, () => 0.5)).toBe(1_000);
  for (let tried = 0; tried < 100; tried += 1) {
    const pauseMs = withJitter(1_000, 0.5, 1.5);
    expect(pauseMs).toBeGreaterThanOrEqual(500);
    expect(pauseMs).toBeLessThan(1_500);
  }
});
