import { expect, test } from "bun:test";
import { AccountQueues } from "./account-queues.ts";
import { RateLimited } from "./rate-limited.ts";

const limited = (call: Promise<unknown>) => expect(call).rejects.toBeInstanceOf(RateLimited);

test("one at a time for an account, in the order they came; others are not held up", async () => {
  const queues = new AccountQueues({ waitMs: 5000, waiting: 10 });
  const order: string[] = [];
  await queues.begin("ada");
  const waiting = ["1", "2"].map((name) => queues.begin("ada").then(() => order.push(name)));
  await queues.begin("bob");
  expect(order).toEqual([]);
  queues.end("ada");
  await waiting[0];
  expect(order).toEqual(["1"]);
  queues.end("ada");
  await waiting[1];
  expect(order).toEqual(["1", "2"]);
});

test("a pause keeps the next one waiting, who comes later too", async () => {
  const queues = new AccountQueues({ waitMs: 5000, waiting: 10 });
  await queues.begin("ada");
  const before = performance.now();
  queues.end("ada", 60);
  await queues.begin("ada");
  expect(performance.now() - before).toBeGreaterThan(50);
});

test("who waits too long, or finds too many waiting, is asked to come back, and the turn goes on to the next", async () => {
  const queues = new AccountQueues({ waitMs: 30, waiting: 1 });
  await queues.begin("ada");
  const late = queues.begin("ada");
  await limited(queues.begin("ada"));
  await limited(late);
  queues.end("ada");
  await queues.begin("ada");
});

test("who would wait in vain is refused at once, by how long the account's attempts take", async () => {
  const queues = new AccountQueues({ waitMs: 5000, waiting: 100 });
  await queues.begin("ada");
  const order: string[] = [];
  const begin = (name: string, waitMs: number) =>
    queues.begin("ada", waitMs).then(
      () => order.push(name),
      () => order.push(`${name} refused`),
    );
  const [first, second, third] = [begin("first", 10_000), begin("second", 90), begin("third", 5000)];
  await Bun.sleep(60);
  // 60 ms each: the second would begin after 120, the third then after 60.
  queues.end("ada");
  await Promise.all([first, second]);
  expect(order.toSorted()).toEqual(["first", "second refused"]);
  const before = performance.now();
  await limited(queues.begin("ada", 90));
  expect(performance.now() - before).toBeLessThan(20);
  queues.end("ada");
  await third;
});

test("a pause that is longer than the wait refuses at once, those who wait and those who come", async () => {
  const queues = new AccountQueues({ waitMs: 1500, waiting: 100 });
  await queues.begin("ada");
  const waiting = [queues.begin("ada"), queues.begin("ada")];
  const before = performance.now();
  queues.end("ada", 2000);
  for (const attempt of [...waiting, queues.begin("ada")]) await limited(attempt);
  expect(performance.now() - before).toBeLessThan(500);
  await queues.begin("ada", 5000);
});

test("a success after failures ends their pauses, for those who come after it too", async () => {
  const queues = new AccountQueues({ waitMs: 300, waiting: 100 });
  await queues.begin("ada");
  const next = queues.begin("ada");
  queues.end("ada", 250);
  await next;
  const all = Array.from({ length: 6 }, () => queues.begin("ada", 5000));
  queues.end("ada");
  const more = Array.from({ length: 6 }, () => queues.begin("ada"));
  for (const attempt of [...all, ...more]) {
    await attempt;
    queues.end("ada");
  }
});

test("what one account's attempts take says nothing of another's, nor of its own later ones", async () => {
  const queues = new AccountQueues({ waitMs: 50, waiting: 100 });
  const wait = async (key: string) => {
    await queues.begin(key);
    const next = queues.begin(key);
    queues.end(key);
    await next;
    queues.end(key);
  };
  await queues.begin("ada");
  await Bun.sleep(80);
  const next = queues.begin("ada");
  queues.end("ada");
  await next;
  await wait("bob");
  queues.end("ada");
  await wait("ada");
});
