// A permission that is granted or revoked works on every replica of both services within a second.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createDatabase, createRepositories, type PrismaClient } from "@libs/database";
import { AccessService } from "@libs/keycloak-authV2/services/access";
import { eventually } from "./support/eventually.ts";
import { Fleet, statusFor } from "./support/fleet.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { percentile } from "./support/percentile.ts";
import { useReplicas } from "./support/replicas.ts";

const by = { id: "test" };
const replicas = useReplicas();
let fleet: Fleet;
let database: PrismaClient;
let access: AccessService;

beforeAll(async () => {
  fleet = await Fleet.start(replicas.stack);
  database = createDatabase(replicas.stack.databaseUrl, { poolSize: 2 });
  access = new AccessService(createRepositories(database));
  await replicas.sql`INSERT INTO stores ${replicas.sql({ id: "store-1", name: "First store" })}`;
  await access.defineRole({ name: "clerk", permissions: ["orders:read"] }, by);
});
afterAll(async () => {
  await database?.$disconnect();
  await stopGateways();
});

test("granted and revoked, for one store", async () => {
  const { userId, session } = await fleet.welcome();
  const token = session.tokens.access_token;
  /** Whether the replica lets them do it. @returns when it did. Milliseconds of {@link performance} */
  const allowed = async (url: string) => {
    if (url.endsWith("/orders"))
      return (await statusFor(token, url.replace("/orders", "/stores/store-1/orders"))) === 200;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    return (await answer.text()).includes("orders:read");
  };
  const arrival = (url: string, expected: boolean) =>
    eventually(async () => {
      expect(await allowed(url)).toBe(expected);
      return performance.now();
    });
  const all = async () => Promise.all(fleet.guardedUrls.map(allowed));
  const took = { granted: [] as number[], revoked: [] as number[] };
  const given = { role: "clerk", to: { userId }, scope: { storeId: "store-1" } };
  for (let round = 0; round < amount(3, 50); round++) {
    expect(await all()).toEqual(Array(6).fill(false));
    for (const [change, expected] of [
      ["granted", true],
      ["revoked", false],
    ] as const) {
      const from = performance.now();
      const arrivals = fleet.guardedUrls.map((url) => arrival(url, expected));
      await (expected ? access.grant(given, by) : access.revoke(given, by));
      took[change].push(...(await Promise.all(arrivals)).map((at) => at - from));
    }
  }
  if (longForm) console.table(Object.entries(took).map(([change, latencies]) => ({ change, ...figuresOf(latencies) })));
  for (const latencies of Object.values(took)) expect(Math.max(...latencies)).toBeLessThan(1000);
}, 300_000);

const figuresOf = (latencies: number[]) => ({
  replies: latencies.length,
  "p50 ms": Math.round(percentile(latencies, 0.5)),
  "p95 ms": Math.round(percentile(latencies, 0.95)),
  "max ms": Math.round(Math.max(...latencies)),
});
