import { expect, test } from "bun:test";
import { CallRest } from "./call-rest.ts";

function setUp(maxCallsPerSecond: number) {
  const clock = { now: 1_000 };
  const rest = new CallRest(maxCallsPerSecond, () => clock.now);
  const step = (calls: number, tookMs: number) => {
    rest.begin();
    rest.called(calls);
    clock.now += tookMs;
    expect(rest.end()).toBe(calls);
  };
  return { clock, rest, step };
}

test("as long as the calls took, two seconds at most", () => {
  const { rest, step, clock } = setUp(1_000);
  step(3, 700);
  expect(rest.leftMs).toBe(700);
  clock.now += 700;
  expect(rest.leftMs).toBe(0);
  step(3, 9_000);
  expect(rest.leftMs).toBe(2_000);
});

test("no more calls than are allowed, however few those are", () => {
  const { rest, step, clock } = setUp(1);
  step(15, 100);
  expect(rest.leftMs).toBe(15_000);
  clock.now += 14_999;
  expect(rest.leftMs).toBe(1);
});

test("a step without calls neither rests nor shortens the rest before", () => {
  const { rest, step } = setUp(1);
  step(0, 100);
  expect(rest.leftMs).toBe(0);
  step(5, 0);
  step(0, 100);
  expect(rest.leftMs).toBe(4_900);
});
