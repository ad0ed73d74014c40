// The runner of sweeps on a real PostgreSQL, with its job queue and without it.
import { afterEach, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { type SweepRunner, startSweeps } from "@libs/keycloak-authV2";
import { silentLogger } from "@libs/observability";
import { SQL } from "bun";
import { eventually } from "../support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "../support/gateway-process.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

const NEVER_MS = 600_000;
/** What `stop` guarantees, and room for a busy machine. */
const STOP_WITHIN_MS = 6_000;

let databaseUrl: string;
const runners: SweepRunner[] = [];

beforeAll(async () => {
  databaseUrl = (await (await useStack()).createDatabase()).url;
}, STACK_TIMEOUT_MS);
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.stop()));
});

/** A replica with one sweep. */
function start(run: () => Promise<number>, intervalMs: number, url = databaseUrl): SweepRunner {
  const runner = startSweeps({
    databaseDirectUrl: url,
    sweeps: [{ name: "logouts", run }],
    intervalMs,
    logger: silentLogger,
  });
  runners.push(runner);
  return runner;
}

async function stopMs(runner: SweepRunner): Promise<number> {
  const before = performance.now();
  await runner.stop();
  return performance.now() - before;
}

test("a sweep runs at the start, then at its interval, and no more when it is stopped", async () => {
  const at: number[] = [];
  const runner = start(async () => {
    at.push(performance.now());
    return 0;
  }, 200);
  await eventually(() => expect(at.length).toBeGreaterThan(4));
  for (const [i, time] of at.entries()) if (i > 0) expect(time - Number(at[i - 1])).toBeGreaterThan(140);
  expect(await stopMs(runner)).toBeLessThan(STOP_WITHIN_MS);
  const runs = at.length;
  await Bun.sleep(500);
  expect(at.length).toBe(runs);
});

test("a wake reaches another replica when the one that asks for it is busy", async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  let [busy, free] = [0, 0];
  const asking = start(async () => {
    busy += 1;
    await goOn;
    return 0;
  }, NEVER_MS);
  start(async () => {
    free += 1;
    return 0;
  }, NEVER_MS);
  await eventually(() => {
    asking.wake("logouts");
    expect(free).toBeGreaterThan(1);
  });
  expect(busy).toBe(1);
  resolve();
});

test("a wake comes soon, long before the interval", async () => {
  let runs = 0;
  const runner = start(async () => {
    runs += 1;
    return 0;
  }, NEVER_MS);
  // Its queue is ready when a wake leaves a job there.
  const sql = new SQL(databaseUrl, { max: 1 });
  const jobs = async () => Number((await sql`SELECT count(*) FROM pgboss.job`)[0].count);
  const before = await eventually(jobs);
  await eventually(async () => {
    runner.wake("logouts");
    expect(await jobs()).toBeGreaterThan(before);
  });
  await sql.close();
  const seen = runs;
  const waited = performance.now();
  await eventually(() => {
    runner.wake("logouts");
    expect(runs).toBeGreaterThan(seen);
  });
  expect(performance.now() - waited).toBeLessThan(5_000);
});

test("without the database the sweeps go on at their interval; the queue is there as soon as it is back", async () => {
  const target = new URL(databaseUrl);
  const proxy = await TcpProxy.to(target.hostname, Number(target.port));
  proxy.mode = "refuse";
  const proxied = new URL(databaseUrl);
  Object.assign(proxied, { hostname: "127.0.0.1", port: String(proxy.port) });
  let runs = 0;
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  const runner = start(
    async () => {
      runs += 1;
      if (runs > 3) await goOn;
      return 0;
    },
    100,
    proxied.href,
  );
  // The fourth run does not end: whatever this replica is woken for after it is another's.
  await eventually(() => expect(runs).toBe(4));
  let others = 0;
  start(async () => {
    others += 1;
    return 0;
  }, NEVER_MS);
  proxy.mode = "pass";
  await eventually(() => {
    runner.wake("logouts");
    expect(others).toBeGreaterThan(1);
  }, 15_000);
  expect(runs).toBe(4);
  // Silent from now on: stopping does not wait for it, nor for a run that does not end.
  proxy.mode = "black-hole";
  expect(await stopMs(runner)).toBeLessThan(STOP_WITHIN_MS);
  resolve();
  await proxy.stop();
});

test("a connection that is lost without a word holds the queue up for seconds, not for good", async () => {
  const target = new URL(databaseUrl);
  const proxy = await TcpProxy.to(target.hostname, Number(target.port));
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  let free = 0;
  const asking = start(async () => {
    await goOn;
    return 0;
  }, NEVER_MS);
  const proxied = Object.assign(target, { hostname: "127.0.0.1", port: String(proxy.port) }).href;
  start(
    async () => {
      free += 1;
      return 0;
    },
    NEVER_MS,
    proxied,
  );
  const wakes = async (timeoutMs: number) => {
    const before = free;
    await eventually(() => {
      asking.wake("logouts");
      expect(free).toBeGreaterThan(before);
    }, timeoutMs);
  };
  await wakes(10_000);
  // The statement that fetches a job gets no answer.
  const held = proxy.holdAt({ sent: "SKIP LOCKED", hold: "answer" });
  await eventually(async () => {
    asking.wake("logouts");
    expect(await Promise.race([held.then(() => "held"), Bun.sleep(25)])).toBe("held");
  });
  await wakes(25_000);
  resolve();
  await proxy.stop();
}, 60_000);

test("a gateway with a single connection to the database sweeps everything, under load", async () => {
  const stack = await useStack();
  const { url } = await stack.createDatabase();
  const sql = new SQL(url, { max: 1 });
  const past = new Date(Date.now() - 3_600_000);
  await sql`
    INSERT INTO registrations (id, state, username, email, profile, next_attempt_at, lost_until, created_at, updated_at)
    SELECT 'left-' || n, 'pending', 'left-' || n, 'left-' || n || '@example.com',
      '{"firstName":"A","lastName":"B","emailVerified":false,"enabled":true,"storeId":null,"organizationId":null,"metadata":{}}',
      ${past}, ${past}, ${past}, ${past}
    FROM generate_series(1, 20) n`;
  await sql`
    INSERT INTO keycloak_logouts (keycloak_session_id, user_id, reason, next_attempt_at, expires_at)
    SELECT 'session-' || n, 'somebody', 'logout', ${past}, now() + interval '1 hour' FROM generate_series(1, 20) n`;
  await sql`INSERT INTO rate_limits (key, points, expire) SELECT 'old-' || n, 1, 1 FROM generate_series(1, 20) n`;
  const gateway = await GatewayProcess.start(
    gatewayEnv({ ...stack, databaseUrl: url }, { DATABASE_POOL_SIZE: "1", SWEEP_INTERVAL_MS: "300" }),
  );
  const body = JSON.stringify({ sessionId: "nobody-has-this-one", refreshToken: "nor-this" });
  const refresh = () =>
    fetch(`${gateway.url}/auth/refresh`, { method: "POST", headers: { "content-type": "application/json" }, body });
  const left = async () =>
    (
      await sql`
        SELECT (SELECT count(*) FROM registrations WHERE state IN ('pending', 'undoing'))::int AS registrations,
          (SELECT count(*) FROM keycloak_logouts)::int AS logouts,
          (SELECT count(*) FROM rate_limits WHERE key LIKE 'old-%')::int AS "rateLimits"`
    )[0];
  await eventually(async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, refresh));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    expect(await left()).toEqual({ registrations: 0, logouts: 0, rateLimits: 0 });
  }, 20_000);
  await sql.close();
  expect(await gateway.stop()).toBe(0);
});
