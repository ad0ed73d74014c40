import { expect, test } from "bun:test";
import { takeBackOnFailure } from "./take-back-on-failure.ts";

test("what succeeds is left as it is", async () => {
  const taken: string[] = [];
  const result = await takeBackOnFailure(async (onDone) => {
    onDone(() => taken.push("a"));
    return "done";
  });
  expect([result, taken]).toEqual(["done", []]);
});

test("a failure takes back every step, the newest first, and what is done after it too", async () => {
  const taken: unknown[] = [];
  const failure = new Error("no");
  let late: () => void = () => {};
  const work = takeBackOnFailure(async (onDone) => {
    onDone((reason) => taken.push("a", reason));
    onDone((reason) => taken.push("b", reason));
    late = () => onDone((reason) => taken.push("late", reason));
    throw failure;
  });
  await expect(work).rejects.toBe(failure);
  expect(taken).toEqual(["b", failure, "a", failure]);
  late();
  expect(taken.slice(4)).toEqual(["late", failure]);
});
