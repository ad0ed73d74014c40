// PostgreSQL goes away in each way a server can: the repositories say so quickly, and work again when it is back.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  createDatabase,
  createRepositories,
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  type PrismaClient,
} from "@libs/database";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { TcpProxy } from "../support/tcp-proxy.ts";

const WITHIN_MS = 2_500;

let url: string;
let proxy: TcpProxy;
let prisma: PrismaClient;

beforeAll(async () => {
  ({ url } = await (await useStack()).createDatabase());
}, STACK_TIMEOUT_MS);

beforeEach(async () => {
  const target = new URL(url);
  proxy = await TcpProxy.to(target.hostname, Number(target.port || 5432));
  prisma = createDatabase(Object.assign(target, { hostname: "127.0.0.1", port: String(proxy.port) }).href);
});

afterEach(async () => {
  await proxy.stop();
  await prisma.$disconnect();
});

async function failureOf(work: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
  const startedAt = performance.now();
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, afterMs: performance.now() - startedAt };
}

function expectAway(error: unknown): void {
  expect(error instanceof DatabaseUnavailableError || error instanceof DatabaseTimeoutError ? "away" : error).toBe(
    "away",
  );
}

describe("when PostgreSQL goes away", () => {
  for (const mode of ["refuse", "black-hole", "swallow"] as const) {
    test(`${mode}, with connections open: every kind of call fails in time, and recovers by itself`, async () => {
      const { users, sessions, registrations } = createRepositories(prisma);
      const calls = [
        () => users.findById("nobody"),
        () => sessions.findById("nobody"),
        () => registrations.fail("nobody", "test", new Date()),
      ];
      await Promise.all(calls.map((call) => call()));
      proxy.mode = mode;
      for (const { error, afterMs } of await Promise.all(calls.map((call) => failureOf(call())))) {
        expectAway(error);
        expect(afterMs).toBeLessThan(WITHIN_MS);
      }
      proxy.mode = "pass";
      await Promise.all(calls.map((call) => call()));
    });

    test(`${mode}, within transactions: they fail in time, hold nothing, and recover`, async () => {
      const { users, tickets, domainEvents } = createRepositories(prisma);
      const profile = {
        username: mode,
        email: null,
        firstName: null,
        lastName: null,
        emailVerified: true,
        enabled: true,
      };
      const apply = async (firstName: string) =>
        users.applyProfiles([{ ...profile, id: mode, firstName }], BigInt(Date.now()), new Date());
      await tickets.next();
      await domainEvents.subscribe({ name: mode, types: [] }, new Date());
      await apply("before");
      const { promise: reached, resolve } = Promise.withResolvers<void>();
      const dispatched = failureOf(
        domainEvents.dispatch(10, async (_, __, db) => {
          proxy.mode = mode;
          resolve();
          await db.executeSql("SELECT 1");
        }),
      );
      await reached;
      for (const { error, afterMs } of await Promise.all([failureOf(apply("meanwhile")), dispatched])) {
        expectAway(error);
        expect(afterMs).toBeLessThan(2 * WITHIN_MS);
      }
      proxy.mode = "pass";
      while (!(await domainEvents.dispatch(10, async () => {}).catch(() => 0))) await Bun.sleep(50);
      expect(await apply("after")).toEqual([{ id: mode, outcome: "updated" }]);
    });

    test(`${mode}, at the first connection`, async () => {
      const { users } = createRepositories(prisma);
      proxy.mode = mode;
      const { error, afterMs } = await failureOf(users.findById("nobody"));
      expectAway(error);
      expect(afterMs).toBeLessThan(WITHIN_MS);
      proxy.mode = "pass";
      expect(await users.findById("nobody")).toBeNull();
    });
  }

  test("connections that were cut while idle are replaced", async () => {
    const { users } = createRepositories(prisma);
    await Promise.all(Array.from({ length: 5 }, () => users.findById("nobody")));
    proxy.cut();
    const recovered = async () => (await failureOf(users.findById("nobody"))).error === undefined;
    while (!(await recovered())) await Bun.sleep(5);
    expect(await users.findById("nobody")).toBeNull();
  });
});
