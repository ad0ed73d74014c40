import { afterAll, expect, test } from "bun:test";
import { randomInt } from "node:crypto";
import { residentMiB } from "../bench/process-cpu.ts";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { MixedTraffic } from "./support/mixed-traffic.ts";
import { useReplicas } from "./support/replicas.ts";
import type { ProxyMode } from "./support/tcp-proxy.ts";

const replicas = useReplicas();
afterAll(stopGateways);

const seconds = amount(15, 600);
const faults: ProxyMode[] = ["refuse", "black-hole", "swallow"];

test(`${seconds} s of mixed traffic under random faults: no guarantee is broken`, async () => {
  const { sql, admin, keycloak, postgres, start } = replicas;
  const gateways: GatewayProcess[] = await Promise.all([start("proxies"), start("proxies"), start("directly")]);
  const steady = gateways[0] as GatewayProcess;
  const traffic = new MixedTraffic(() => gateways.map(({ url }) => url));
  const done = traffic.run(8);
  const memory: number[] = [];
  const end = Date.now() + seconds * 1000;
  let kills = 0;
  while (Date.now() < end) {
    const proxy = randomInt(2) === 0 ? keycloak : postgres;
    await Bun.sleep(randomInt(300, 2500));
    memory.push(residentMiB(steady.pid));
    if (randomInt(4) === 0) {
      // The second gateway is the one that dies; the first is watched for what it keeps.
      kills++;
      gateways[1]?.signal("SIGKILL");
      await gateways[1]?.exited;
      gateways[1] = await start("proxies");
      continue;
    }
    proxy.mode = faults[randomInt(faults.length)] ?? "refuse";
    await Bun.sleep(randomInt(200, 2500));
    proxy.mode = "pass";
  }
  keycloak.mode = postgres.mode = "pass";
  traffic.stop();
  await done;

  expect(traffic.forbidden).toEqual([]);
  expect(traffic.wronglyRefused).toEqual([]);
  await eventually(async () => expect(await disagreement(admin, sql)).toEqual(inStep), 60_000);
  // A logout that was answered is true on both sides.
  await eventually(async () => {
    const [waiting] = await sql`SELECT count(*)::int AS n FROM keycloak_logouts`;
    expect(waiting.n).toBe(0);
  }, 60_000);
  for (const { userId, keycloakSessionId } of traffic.loggedOut.slice(-300)) {
    const sessions = await admin.users.listSessions({ id: userId });
    expect(sessions.map(({ id }) => id)).not.toContain(keycloakSessionId);
  }
  // Whoever was welcomed can log in.
  const client = new AuthClient(steady.url);
  await traffic.expectLogins(() => client);
  // A live local session is a live Keycloak session: nobody was logged out behind their back.
  expect(traffic.lostSessions).toEqual([]);
  // Connections go back to their pools.
  const [connections] = await sql`SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database()`;
  expect(connections.n).toBeLessThan(60);
  const share = Math.max(1, Math.floor(memory.length / 10));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [first, last] = [mean(memory.slice(0, share)), mean(memory.slice(-share))];
  if (longForm) {
    console.log(`${kills} kills; ${JSON.stringify(traffic.counts)}`);
    console.log(`memory of the steady gateway: first tenth ${first.toFixed(0)} MiB, last tenth ${last.toFixed(0)} MiB`);
    expect(last).toBeLessThan(first * 1.5);
  }
}, 1_500_000);
