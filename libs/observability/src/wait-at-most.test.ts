import { expect, test } from "bun:test";
import { waitAtMost } from "./wait-at-most.ts";

const never = new Promise<string>(() => {});

test("what comes in time is the result", async () => {
  expect(await waitAtMost(Promise.resolve("done"), 1_000, () => "late")).toBe("done");
  expect(await waitAtMost(Promise.resolve("done"), Number.POSITIVE_INFINITY, () => "late")).toBe("done");
});

test("after the limit the result is another, or an error", async () => {
  expect(await waitAtMost(never, 1, () => "late")).toBe("late");
  const refused = waitAtMost(never, 1, () => {
    throw new RangeError("too late");
  });
  await expect(refused).rejects.toThrow(RangeError);
});

test("work that fails in time fails, and work that fails later is ignored", async () => {
  await expect(waitAtMost(Promise.reject(new RangeError("broken")), 1_000, () => "late")).rejects.toThrow("broken");
  const { promise, reject } = Promise.withResolvers<string>();
  expect(await waitAtMost(promise, 1, () => "late")).toBe("late");
  reject(new RangeError("broken later"));
  await Bun.sleep(0);
});
