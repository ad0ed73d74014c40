import { expect, test } from "bun:test";
import { AccountTurns } from "./account-turns.ts";
import { RateLimited } from "./rate-limited.ts";

const limited = (call: Promise<unknown>) => expect(call).rejects.toBeInstanceOf(RateLimited);

test("one at a time for an account, in the order they came; others are not held up", async () => {
  const turns = new AccountTurns({ waitMs: 5000, waiting: 10 });
  const order: string[] = [];
  await turns.begin("ada");
  const waiting = ["1", "2"].map((name) => turns.begin("ada").then(() => order.push(name)));
  await turns.begin("bob");
  expect(order).toEqual([]);
  turns.end("ada");
  await waiting[0];
  expect(order).toEqual(["1"]);
  turns.end("ada");
  await waiting[1];
  expect(order).toEqual(["1", "2"]);
});

test("a pause keeps the next one waiting, who comes later too", async () => {
  const turns = new AccountTurns({ waitMs: 5000, waiting: 10 });
  await turns.begin("ada");
  const before = performance.now();
  turns.end("ada", 60);
  await turns.begin("ada");
  expect(performance.now() - before).toBeGreaterThan(50);
});

test("who waits too long, or finds too many waiting, is told to come back, and the turn goes on to the next", async () => {
  const turns = new AccountTurns({ waitMs: 30, waiting: 1 });
  await turns.begin("ada");
  const late = turns.begin("ada");
  await limited(turns.begin("ada"));
  await limited(late);
  turns.end("ada");
  await turns.begin("ada");
});

test("who would wait in vain is refused at once, by how long the account's attempts take", async () => {
  const turns = new AccountTurns({ waitMs: 5000, waiting: 100 });
  await turns.begin("ada");
  const order: string[] = [];
  const begin = (name: string, waitMs: number) =>
    turns.begin("ada", waitMs).then(
      () => order.push(name),
      () => order.push(`${name} refused`),
    );
  const [first, second, third] = [begin("first", 10_000), begin("second", 90), begin("third", 5000)];
  await Bun.sleep(60);
  // 60 ms each: the second would begin after 120, the third then after 60.
  turns.end("ada");
  await Promise.all([first, second]);
  expect(order.toSorted()).toEqual(["first", "second refused"]);
  const before = performance.now();
  await limited(turns.begin("ada", 90));
  expect(performance.now() - before).toBeLessThan(20);
  turns.end("ada");
  await third;
});

test("a pause that is longer than the wait refuses at once, those who wait and those who come", async () => {
  const turns = new AccountTurns({ waitMs: 1500, waiting: 100 });
  await turns.begin("ada");
  const waiting = [turns.begin("ada"), turns.begin("ada")];
  const before = performance.now();
  turns.end("ada", 2000);
  for (const turn of [...waiting, turns.begin("ada")]) await limited(turn);
  expect(performance.now() - before).toBeLessThan(500);
  await turns.begin("ada", 5000);
});

test("a success after failures ends their pauses, for those who come after it too", async () => {
  const turns = new AccountTurns({ waitMs: 300, waiting: 100 });
  await turns.begin("ada");
  const next = turns.begin("ada");
  turns.end("ada", 250);
  await next;
  const all = Array.from({ length: 6 }, () => turns.begin("ada", 5000));
  turns.end("ada");
  const more = Array.from({ length: 6 }, () => turns.begin("ada"));
  for (const turn of [...all, ...more]) {
    await turn;
    turns.end("ada");
  }
});

test("what one account's attempts take says nothing of another's, nor of its own later ones", async () => {
  const turns = new AccountTurns({ waitMs: 50, waiting: 100 });
  const wait = async (key: string) => {
    await turns.begin(key);
    const next = turns.begin(key);
    turns.end(key);
    await next;
    turns.end(key);
  };
  await turns.begin("ada");
  await Bun.sleep(80);
  const next = turns.begin("ada");
  turns.end("ada");
  await next;
  await wait("bob");
  turns.end("ada");
  await wait("ada");
});
