// A gateway in the network forgets connections to PostgreSQL: one statement is lost, and the others find fresh ones.
import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import {
  createDatabase,
  type DatabaseOptions,
  followingConnection,
  PostgresChangeChannel,
  type PrismaClient,
} from "@libs/database";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { Pool } from "pg";
import { eventually } from "../support/eventually.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

/** Enough for a busy machine; what is lost costs as much. */
const QUERY_TIMEOUT_MS = 1_000;

let url: string;
let proxy: TcpProxy;
let proxied: string;
const opened: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  ({ url } = await (await useStack()).createDatabase());
}, STACK_TIMEOUT_MS);
beforeEach(async () => {
  const target = new URL(url);
  proxy = await TcpProxy.to(target.hostname, Number(target.port));
  proxied = Object.assign(target, { hostname: "127.0.0.1", port: String(proxy.port) }).href;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await proxy.stop();
});

function database(options: DatabaseOptions = {}): PrismaClient {
  const prisma = createDatabase(proxied, { queryTimeoutMs: QUERY_TIMEOUT_MS, ...options });
  opened.push({ close: () => prisma.$disconnect() });
  return prisma;
}

type Queries = Pick<PrismaClient, "$queryRaw">;

/** The server's process behind the connection that was used. */
async function pidOf(prisma: Queries): Promise<number> {
  const [row] = await prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid, pg_sleep(0.05)::text`;
  return row?.pid ?? 0;
}

/** Opens connections that are unused afterwards. @returns the server's processes */
const warm = (prisma: Queries, count: number) => Promise.all(Array.from({ length: count }, () => pidOf(prisma)));
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => "answered",
    () => "lost",
  );
/** What was sent into forgotten connections, but for pg's goodbye. */
const lost = () => proxy.lost.filter((sent) => !sent.startsWith("X"));

test("one statement is lost, however many connections the pool has", async () => {
  const prisma = database();
  expect(new Set(await warm(prisma, 6)).size).toBeGreaterThan(3);
  proxy.forget();
  expect(await outcome(pidOf(prisma))).toBe("lost");
  for (let i = 0; i < 6; i++) expect(await outcome(pidOf(prisma))).toBe("answered");
  expect(lost()).toHaveLength(1);
});

test("a transaction is lost with one time limit, and its connection is not used again", async () => {
  const prisma = database();
  await warm(prisma, 6);
  const within = prisma.$transaction(async (tx) => {
    await pidOf(tx);
    proxy.forget();
    await pidOf(tx);
  });
  expect(await outcome(within)).toBe("lost");
  for (let i = 0; i < 6; i++) expect(await outcome(pidOf(prisma))).toBe("answered");
  expect(lost()).toHaveLength(1);
});

test("what one pool of a process notices holds for its others", async () => {
  const [first, second] = [database(), database()];
  await Promise.all([warm(first, 3), warm(second, 3)]);
  proxy.forget();
  expect(await outcome(pidOf(first))).toBe("lost");
  for (let i = 0; i < 3; i++) expect(await outcome(pidOf(second))).toBe("answered");
  expect(lost()).toHaveLength(1);
});

test("what the channel of changes notices holds for the pools: no statement of theirs is lost", async () => {
  const states: boolean[] = [];
  const channel = new PostgresChangeChannel(proxied, { beatMs: 50, onState: (up) => states.push(up) });
  opened.push(channel);
  channel.listen(() => {});
  await eventually(() => expect(channel.isUp()).toBe(true));
  const prisma = database();
  await warm(prisma, 4);
  proxy.forget();
  await eventually(() => expect(states).toEqual([true, false, true]));
  expect(await outcome(pidOf(prisma))).toBe("answered");
  expect(lost()).toHaveLength(1);
});

test("statements that are under way at once are each lost once", async () => {
  const prisma = database();
  await warm(prisma, 6);
  proxy.forget();
  const outcomes = await Promise.all([1, 2, 3].map(() => outcome(pidOf(prisma))));
  expect(outcomes).toEqual(["lost", "lost", "lost"]);
  for (let i = 0; i < 6; i++) expect(await outcome(pidOf(prisma))).toBe("answered");
  expect(lost()).toHaveLength(3);
});

test("pg's own pool and client, as the limits and the job queue use them", async () => {
  const pool = new Pool({ ...followingConnection(() => proxied), query_timeout: QUERY_TIMEOUT_MS, max: 4 });
  const errors: unknown[] = [];
  pool.on("error", (error) => errors.push(error));
  opened.push({ close: () => pool.end() });
  await Promise.all([1, 2, 3, 4].map(() => pool.query("SELECT pg_sleep(0.05)")));
  proxy.forget();
  expect(await outcome(pool.query("SELECT 1"))).toBe("lost");
  expect(errors).toHaveLength(3);
  const client = await pool.connect();
  expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  client.release();
  expect(lost()).toHaveLength(1);
});

test("a statement that the server gives up is an answer: nothing is closed", async () => {
  const prisma = database({ statementTimeoutMs: 200 });
  const before = new Set(await warm(prisma, 4));
  expect(await outcome(prisma.$queryRaw`SELECT pg_sleep(10)`)).toBe("lost");
  const after = await warm(prisma, before.size - 1);
  expect(after.filter((pid) => !before.has(pid))).toEqual([]);
});

test("a transaction that is under way goes on while another connection dies", async () => {
  const prisma = database();
  const held = proxy.holdAt({ sent: "'never'", hold: "request" });
  const answered = await prisma.$transaction(async (tx) => {
    const before = await pidOf(tx);
    expect(await outcome(prisma.$queryRaw`SELECT 'never'`)).toBe("lost");
    await held;
    return (await pidOf(tx)) === before;
  });
  expect(answered).toBe(true);
});
