// The queues of domain events: the order in which they are put in holds, and one that keeps failing can be dealt with.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createDatabase, createRepositories, type PrismaClient } from "@libs/database";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import {
  BLOCKED_AFTER_ATTEMPTS,
  createOutboxMetrics,
  createOutboxSweep,
  openEventQueues,
  subscribeToEvents,
} from "@libs/keycloak-authV2/events";
import { createLogger, silentLogger } from "@libs/observability";
import { SetupError } from "@libs/problems";
import { SQL } from "bun";
import { Registry } from "prom-client";
import { eventually } from "./support/eventually.ts";

let databaseUrl: string;
let prisma: PrismaClient;
let sql: SQL;
let outbox: ReturnType<typeof createOutboxSweep>;

beforeAll(async () => {
  databaseUrl = (await (await useStack()).createDatabase()).url;
  prisma = createDatabase(databaseUrl);
  sql = new SQL(databaseUrl, { max: 2 });
  const { domainEvents } = createRepositories(prisma);
  const metrics = createOutboxMetrics(new Registry());
  outbox = createOutboxSweep({
    domainEvents,
    databaseDirectUrl: databaseUrl,
    metrics,
    logger: silentLogger,
    now: () => new Date(),
  });
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await outbox?.close?.();
  await prisma?.$disconnect();
  await sql?.close();
});

/** As many events of one user as its versions are. */
async function happens(userId: string, from: number, to: number): Promise<void> {
  await sql`
    INSERT INTO domain_events (user_id, version, type, payload, at)
    SELECT ${userId}, version, 'user.updated', '{}', now() FROM generate_series(${from}::int, ${to}::int) AS version
    ORDER BY version`;
}

async function dispatchAll(): Promise<void> {
  while ((await outbox.run()) > 0);
}

const metrics = new Registry();

async function subscribe(name: string, handle: (userId: string, version: number) => Promise<void> | void) {
  return await subscribeToEvents({
    databaseUrl,
    name,
    metrics,
    handle: ({ userId, version }) => handle(userId, Number(version)),
  });
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("events of one transaction, and of dispatchers whose clocks disagree, stay in order", async () => {
  const seen = new Map<string, number[]>();
  // Subscribed, and away: everything waits in the queue.
  await (await subscribe("order", () => {})).stop();
  await happens("ada", 1, 40);
  await happens("bob", 1, 40);
  await dispatchAll();
  // As if the server's clock had been set back, or another dispatcher had begun its transaction earlier.
  await sql`UPDATE pgboss.job SET created_on = created_on + interval '1 hour' WHERE name = 'events-order'`;
  await happens("ada", 41, 80);
  await dispatchAll();
  const subscriber = await subscribe("order", (userId, version) => {
    seen.set(userId, [...(seen.get(userId) ?? []), version]);
  });
  try {
    await eventually(() => expect(seen.get("ada")?.length).toBe(80));
    await eventually(() => expect(seen.get("bob")?.length).toBe(40));
    expect(seen.get("ada")).toEqual(range(1, 80));
    expect(seen.get("bob")).toEqual(range(1, 40));
  } finally {
    await subscriber.stop();
  }
});

test("an event that keeps failing holds back its user alone; an operator sees it, has it tried, or skips it", async () => {
  const seen: string[] = [];
  const poisoned = new Set(["eve 1", "eve 2"]);
  const subscriber = await subscribe("poison", (userId, version) => {
    if (poisoned.has(`${userId} ${version}`)) throw Object.assign(new Error("secret text"), { code: "stock.unknown" });
    seen.push(`${userId} ${version}`);
  });
  const queues = await openEventQueues({ databaseUrl });
  const gauge = async () => /^domain_events_blocked\{.*\} (\d+)$/m.exec(await metrics.metrics())?.[1];
  try {
    expect(await queues.subscribers()).toContain("poison");
    await happens("eve", 1, 3);
    await happens("dan", 1, 3);
    await dispatchAll();
    await eventually(() => expect(seen).toEqual(["dan 1", "dan 2", "dan 3"]));
    expect(await queues.listBlocked("poison")).toEqual([]);

    const blocked = async (version: number) => {
      // Ten attempts take minutes: most of them are not made.
      await eventually(async () => {
        const { count } = await sql`
          UPDATE pgboss.job SET retry_count = ${BLOCKED_AFTER_ATTEMPTS - 1}
          WHERE name = 'events-poison' AND state = 'retry' AND data->>'version' = ${String(version)}`;
        expect(count).toBe(1);
      });
      const [event] = await queues.listBlocked("poison");
      expect(event).toMatchObject({ userId: "eve", version: BigInt(version), lastError: "stock.unknown" });
      return event;
    };
    const first = await blocked(1);
    expect(await gauge()).toBe("1");
    expect(first).toMatchObject({ subscriber: "poison", type: "user.updated", waiting: 2 });
    poisoned.delete("eve 1");
    await queues.retry("poison", first?.id ?? "");
    await eventually(() => expect(seen).toContain("eve 1"));

    const second = await blocked(2);
    expect(await queues.skip("poison", second?.id ?? "")).toBe(true);
    await eventually(() => expect(seen).toContain("eve 3"));
    expect(seen.filter((each) => each.startsWith("eve"))).toEqual(["eve 1", "eve 3"]);
    expect(await queues.listBlocked("poison")).toEqual([]);
    expect(await queues.skip("poison", second?.id ?? "")).toBe(false);
  } finally {
    await subscriber.stop();
    expect(await queues.unsubscribe("poison")).toBe(true);
    expect(await queues.subscribers()).not.toContain("poison");
    await queues.close();
  }
});

test("an event that takes long holds back its user alone", async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  const seen: string[] = [];
  await (await subscribe("slow", () => {})).stop();
  // All wait, so that they are taken together.
  for (const userId of ["snail", "max", "amy"]) await happens(userId, 1, 30);
  await dispatchAll();
  const subscriber = await subscribe("slow", async (userId, version) => {
    if (userId === "snail" && version === 1) await goOn;
    seen.push(`${userId} ${version}`);
  });
  try {
    await eventually(() => expect(seen).toHaveLength(60));
    expect(seen.filter((each) => each.startsWith("snail"))).toEqual([]);
    resolve();
    await eventually(() => expect(seen.filter((each) => each.startsWith("snail"))).toHaveLength(30));
    for (const userId of ["snail", "max", "amy"]) {
      const mine = seen.filter((each) => each.startsWith(userId));
      expect(mine).toEqual(range(1, 30).map((version) => `${userId} ${version}`));
    }
  } finally {
    resolve();
    await subscriber.stop();
  }
});

test("a subscriber may start before the gateway's tables are there", async () => {
  await sql`ALTER TABLE event_subscriptions RENAME TO not_there_yet`;
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => lines.push(line) } });
  const starting = subscribeToEvents({ databaseUrl, name: "early", handle: () => {}, logger });
  await eventually(() => expect(lines.join("")).toContain("could not be started yet"));
  await sql`ALTER TABLE not_there_yet RENAME TO event_subscriptions`;
  await (await starting).stop();
  const [row] = await sql`SELECT count(*)::int AS subscriptions FROM event_subscriptions WHERE name = 'early'`;
  expect(row.subscriptions).toBe(1);
});

test("who asks for fewer types than before does not get the others that wait", async () => {
  await (await subscribe("fewer", () => {})).stop();
  await happens("zoe", 1, 2);
  await sql`INSERT INTO domain_events (user_id, version, type, at) VALUES ('zoe', 3, 'user.deleted', now())`;
  await dispatchAll();
  const { promise: handled, resolve } = Promise.withResolvers<string>();
  const options = { databaseUrl, name: "fewer", types: ["user.deleted"] } as const;
  const subscriber = await subscribeToEvents({
    ...options,
    handle: ({ type, version }) => resolve(`${type} ${version}`),
  });
  expect(await handled).toBe("user.deleted 3");
  await subscriber.stop();
});

test("who subscribes twice keeps its events, and a name that can't be a queue is refused", async () => {
  await (await subscribe("twice", () => {})).stop();
  await happens("kim", 1, 1);
  await dispatchAll();
  const { promise: handled, resolve } = Promise.withResolvers<string>();
  const subscriber = await subscribe("twice", (userId, version) => resolve(`${userId} ${version}`));
  expect(await handled).toBe("kim 1");
  await subscriber.stop();
  expect(subscribe("Not A Name", () => {})).rejects.toThrow(SetupError);
});
