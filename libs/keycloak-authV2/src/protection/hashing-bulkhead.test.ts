import { expect, test } from "bun:test";
import { requestContext } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { HashingBulkhead } from "./hashing-bulkhead.ts";

/** Calls that end when the test says so. */
function held(bulkhead: HashingBulkhead) {
  const started: PromiseWithResolvers<string>[] = [];
  const run = () => {
    const work = Promise.withResolvers<string>();
    return bulkhead.run(() => {
      started.push(work);
      return work.promise;
    });
  };
  return { started, run };
}

const overloaded = (call: Promise<unknown>) =>
  expect(call).rejects.toMatchObject({ code: "service.overloaded", neverSent: true });

test("so many run at once, so many wait, the next is refused at once", async () => {
  const bulkhead = new HashingBulkhead({ concurrency: 2, queue: 1, waitMs: 10_000 });
  const { started, run } = held(bulkhead);
  const [first, second, third] = [run(), run(), run()];
  expect([bulkhead.active, bulkhead.queued, started.length]).toEqual([2, 1, 2]);
  await overloaded(run());
  started[0]?.resolve("first");
  expect(await first).toBe("first");
  await Bun.sleep(0);
  expect(started.length).toBe(3);
  started[1]?.resolve("second");
  started[2]?.resolve("third");
  expect(await Promise.all([second, third])).toEqual(["second", "third"]);
  expect([bulkhead.active, bulkhead.queued]).toEqual([0, 0]);
});

test("who waited too long is refused, and its work never starts", async () => {
  const bulkhead = new HashingBulkhead({ concurrency: 1, queue: 5, waitMs: 20 });
  const { started, run } = held(bulkhead);
  const first = run();
  await overloaded(run());
  started[0]?.resolve("done");
  await first;
  const later = run();
  await Bun.sleep(0);
  expect(started.length).toBe(2);
  started[1]?.resolve("later");
  expect(await later).toBe("later");
});

test("a wait that would take too long, by what calls took lately, is not begun", async () => {
  const bulkhead = new HashingBulkhead({ concurrency: 1, queue: 100, waitMs: 30 });
  await bulkhead.run(() => Bun.sleep(60));
  const { started, run } = held(bulkhead);
  const running = run();
  const refused = overloaded(run());
  expect(bulkhead.queued).toBe(0);
  await refused;
  started[0]?.resolve("done");
  await running;
});

test("who waited runs within its own request, not within the one that made room", async () => {
  const bulkhead = new HashingBulkhead({ concurrency: 1, queue: 1, waitMs: 5000 });
  const { started, run } = held(bulkhead);
  const requestOf = () => bulkhead.run(async () => requestContext.get()?.requestId);
  const first = requestContext.run({ requestId: "first" }, run);
  const second = requestContext.run({ requestId: "second" }, requestOf);
  started[0]?.resolve("done");
  await first;
  expect(await second).toBe("second");
});

test("what the work throws comes through, and its place is free again", async () => {
  const bulkhead = new HashingBulkhead({ concurrency: 1, queue: 0, waitMs: 100 });
  const refused = () => bulkhead.run(() => Promise.reject(new AuthError("auth.invalid_credentials")));
  await expect(refused()).rejects.toMatchObject({ code: "auth.invalid_credentials" });
  await expect(refused()).rejects.toMatchObject({ code: "auth.invalid_credentials" });
});

test("the wait leaves the call its time of the request, and a call without enough of it is not begun", async () => {
  const bulkhead = new HashingBulkhead({ concurrency: 1, queue: 5, waitMs: 5000, reservedMs: 3000 });
  const { started, run } = held(bulkhead);
  const within = (leftMs: number) =>
    requestContext.run({ requestId: "1", deadlineAt: Date.now() + leftMs }, () => run());
  await overloaded(within(1000));
  const first = within(2000);
  expect(started.length).toBe(1);
  const before = performance.now();
  await overloaded(within(3050));
  expect(performance.now() - before).toBeLessThan(1000);
  started[0]?.resolve("done");
  await first;
});
