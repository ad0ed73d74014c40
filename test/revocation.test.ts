// What ends is refused by three replicas of the gateway and three of the orders service: within a second when it ended
// here, within three when it ended in Keycloak, within the stated two when changes are not reported.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { eventually } from "./support/eventually.ts";
import { Fleet, statusFor, type Visitor } from "./support/fleet.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { percentile } from "./support/percentile.ts";
import { useReplicas } from "./support/replicas.ts";
import type { HoldPoint } from "./support/tcp-proxy.ts";

const replicas = useReplicas();
let fleet: Fleet;
/** Reaches the database through the proxy. */
let proxied: Fleet;

beforeAll(async () => {
  const { stack, postgres } = replicas;
  const url = Object.assign(new URL(stack.databaseUrl), { hostname: "127.0.0.1", port: `${postgres.port}` });
  fleet = await Fleet.start(stack);
  proxied = await Fleet.start({ ...stack, databaseUrl: url.href });
  await reporting(fleet);
  await reporting(proxied);
}, 120_000);
afterAll(stopGateways, 60_000);

const reporting = (replicas: Fleet) =>
  eventually(async () => expect(await replicas.channels()).toEqual(Array(6).fill("1")), 20_000);

const repeats = amount(2, 30);
/** As long as an answer may be old while changes are not reported (`staleMs`), and the look-up. */
const cutBoundMs = 2500;

interface End {
  name: string;
  act: (visitor: Visitor) => Promise<unknown>;
  boundMs: number;
}

const ended = (answer: { status: number }) => expect(answer.status).toBe(200);
const here: End[] = [
  {
    name: "logout",
    act: async ({ client, session: { sessionId, tokens } }) =>
      ended(await client.logout({ sessionId, refreshToken: tokens.refresh_token })),
    boundMs: 1000,
  },
  {
    name: "logout everywhere",
    act: async ({ bearer }) => ended(await bearer.post("/auth/logout-all", {})),
    boundMs: 1000,
  },
  {
    name: "one's own session ended",
    act: async ({ bearer, session }) => ended(await bearer.delete(`/auth/sessions/${session.sessionId}`)),
    boundMs: 1000,
  },
];
const inKeycloak: End[] = [
  {
    name: "disabled in Keycloak",
    act: ({ userId }) => replicas.admin.users.update({ id: userId }, { enabled: false }),
    boundMs: 3000,
  },
  { name: "deleted in Keycloak", act: ({ userId }) => replicas.admin.users.del({ id: userId }), boundMs: 3000 },
  { name: "signed out in Keycloak", act: ({ userId }) => replicas.admin.users.logout({ id: userId }), boundMs: 3000 },
];

const table: Record<string, unknown>[] = [];
afterAll(() => {
  if (longForm) console.table(table);
});

for (const end of [...here, ...inKeycloak]) {
  test(`${end.name}: refused by every replica`, () => measure(fleet, end, end.name, repeats), 600_000);
}

const cuts = {
  // The connections are closed, and the next ones get no answer.
  cut: async () => {
    keepHolding({ sent: "guard-changes", hold: "request" });
    await replicas.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'guard-changes'`;
  },
  // Nothing more comes, and nobody says so.
  silent: async () => {
    keepHolding({ sent: "pg_notify", hold: "answer" });
    await eventually(() => expect(held).toBeGreaterThanOrEqual(6));
  },
};

for (const [how, cut] of Object.entries(cuts)) {
  test(`channel ${how}: logout is refused by every replica in the stated time`, async () => {
    const [logout] = here as [End];
    const name = `logout, channel ${how}`;
    const notReporting = async () => expect(await proxied.channels()).toEqual(Array(6).fill("0"));
    // In the very moment of the cut, when replicas may not know it yet.
    await measure(proxied, { ...logout, boundMs: cutBoundMs }, `${name} just now`, 1, cut);
    await eventually(notReporting);
    await measure(proxied, { ...logout, boundMs: cutBoundMs }, name, repeats);
    // One word may slip through between two that are held.
    await eventually(notReporting);
  }, 600_000);
}

let holding = false;
/** Connections that went silent. */
let held = 0;
afterEach(async () => {
  if (!holding) return;
  holding = false;
  // Takes the place of what is armed; nobody sends it.
  void replicas.postgres.holdAt({ sent: "nothing like this", hold: "answer" });
  replicas.postgres.cut();
  await reporting(proxied);
});

/** Every connection that gets to this point is silent from then on. */
function keepHolding(point: HoldPoint): void {
  holding = true;
  held = 0;
  const hold = async (): Promise<void> => {
    while (holding) {
      await replicas.postgres.holdAt(point);
      held += 1;
    }
  };
  void hold();
}

async function measure(fleet: Fleet, end: End, name: string, times: number, before = async () => {}): Promise<void> {
  const latencies: number[] = [];
  for (let i = 0; i < times; i++) {
    const visitor = await fleet.welcome();
    const token = visitor.session.tokens.access_token;
    const seen = await Promise.all(fleet.guardedUrls.map((url) => statusFor(token, url)));
    expect(seen).toEqual(Array(6).fill(200));
    await before();
    const from = performance.now();
    const refusals = fleet.guardedUrls.map((url) => refusedAt(token, url));
    await end.act(visitor);
    latencies.push(...(await Promise.all(refusals)).map((at) => at - from));
  }
  report(name, latencies, end.boundMs);
  expect(percentile(latencies, 0.95)).toBeLessThanOrEqual(end.boundMs);
}

/** When the replica refused, and it stays so. Milliseconds of {@link performance}. */
async function refusedAt(token: string, url: string): Promise<number> {
  const at = await eventually(async () => {
    expect(await statusFor(token, url)).toBe(401);
    return performance.now();
  });
  expect(await statusFor(token, url)).toBe(401);
  return at;
}

/** Of each replica's refusal, from the moment when the change was asked for. */
function report(end: string, latencies: number[], boundMs: number): void {
  const [p50, p95, max] = [percentile(latencies, 0.5), percentile(latencies, 0.95), Math.max(...latencies)];
  const figures = { "p50 ms": Math.round(p50), "p95 ms": Math.round(p95), "max ms": Math.round(max) };
  table.push({ end, refusals: latencies.length, ...figures, "bound ms": boundMs });
}
