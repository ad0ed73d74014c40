import { expect, test } from "bun:test";
import { createLogger, remainingMs, requestContext, silentLogger } from "@libs/observability";
import { SweepLoop } from "./sweep-loop.ts";

test("goes on at once while there is work, then waits for its interval", async () => {
  const left = [3, 1, 0];
  const { promise: regular, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  const run = async () => {
    runs += 1;
    if (runs === 4) resolve();
    return left.shift() ?? 0;
  };
  const loop = new SweepLoop({ name: "registrations", run }, 5, silentLogger);
  await loop.kick();
  expect(runs).toBe(3);
  await regular;
  await loop.stop();
});

test("a kick in the middle of a run makes one more, however many they are", async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  let [runs, atOnce] = [0, 0];
  const run = async () => {
    runs += 1;
    atOnce += 1;
    expect(atOnce).toBe(1);
    if (runs === 1) await goOn;
    atOnce -= 1;
    return 0;
  };
  const loop = new SweepLoop({ name: "logouts", run }, undefined, silentLogger);
  const kicks = [loop.kick(), loop.kick(), loop.kick()];
  resolve();
  await Promise.all(kicks);
  expect(runs).toBe(2);
  await loop.stop();
});

test("a failure is logged once, and does not end the loop", async () => {
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => lines.push(line) } });
  let fails = true;
  const run = async () => {
    if (fails) throw new Error("away");
    return 0;
  };
  const loop = new SweepLoop({ name: "prune", run }, undefined, logger);
  await loop.kick();
  await loop.kick();
  expect(lines).toHaveLength(1);
  fails = false;
  await loop.kick();
  fails = true;
  await loop.kick();
  expect(lines).toHaveLength(2);
  await loop.stop();
});

test("stopping waits for the run that is under way, and begins no other", async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  const run = async () => {
    runs += 1;
    await goOn;
    return 1;
  };
  const loop = new SweepLoop({ name: "prune", run }, 1, silentLogger);
  void loop.kick();
  const stopped = loop.stop();
  resolve();
  await stopped;
  await loop.kick();
  expect(runs).toBe(1);
});

test("the deadline of a request that wakes it is not its own, nor that of later runs", async () => {
  const left: number[] = [];
  const { promise: regular, resolve } = Promise.withResolvers<void>();
  const run = async () => {
    if (left.push(remainingMs(60_000)) === 3) resolve();
    return left.length === 1 ? 1 : 0;
  };
  const loop = new SweepLoop({ name: "notices", run }, 1, silentLogger);
  await requestContext.run({ requestId: "r", deadlineAt: Date.now() - 1 }, () => loop.kick());
  await regular;
  expect(left).toEqual([60_000, 60_000, 60_000]);
  await loop.stop();
});

test("stopping cuts short the run that is under way, before it is awaited", async () => {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const steps: string[] = [];
  const loop = new SweepLoop(
    {
      name: "reconcile",
      run: async () => {
        await aborted;
        steps.push("ended");
        return 1;
      },
      abort: () => {
        steps.push("aborted");
        resolve();
      },
      close: async () => void steps.push("closed"),
    },
    1,
    silentLogger,
  );
  void loop.kick();
  await loop.stop();
  expect(steps).toEqual(["aborted", "ended", "closed"]);
});
