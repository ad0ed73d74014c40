import { afterAll, expect, test } from "bun:test";
import { eventually } from "./support/eventually.ts";
import { fieldDifferences } from "./support/field-differences.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { KeycloakWriters } from "./support/keycloak-writers.ts";
import { amount, longForm } from "./support/long-form.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
afterAll(stopGateways);

const outageMs = amount(4_000, 120_000);
const awayMs = amount(4_000, 600_000);
const changes = amount(60, 5_000);
const limits = { FEED_MAX_DELETIONS_PER_MINUTE: "100000" };

for (const part of ["keycloak", "postgres"] as const) {
  test(`${part} is away for ${outageMs / 1000} s while users change: all of it arrives`, async () => {
    const { stack, admin, start, [part]: proxy } = replicas;
    const gateway = await start("proxies", limits);
    await inStep();
    proxy.mode = "black-hole";
    const writers = new KeycloakWriters(admin, stack.realm);
    const written = writers.run(4, amount(60, 1_000), amount(60, 1_000) / (outageMs / 1000));
    await Bun.sleep(outageMs);
    writers.stop();
    await written;
    proxy.mode = "pass";
    await report(`${part} away ${outageMs / 1000} s, ${writers.made} changes`);
    await gateway.stop();
  }, 600_000);
}

test(`the gateway is away for ${awayMs / 1000} s while users change: all of it arrives`, async () => {
  const { stack, admin, start } = replicas;
  const gateway = await start("directly", limits);
  await inStep();
  gateway.signal("SIGKILL");
  await gateway.exited;
  const writers = new KeycloakWriters(admin, stack.realm);
  await Promise.all([writers.run(4, changes, changes / (awayMs / 1000)), Bun.sleep(awayMs)]);
  const back = await start("directly", limits);
  await report(`gateway away ${awayMs / 1000} s, ${writers.made} changes`);
  await back.stop();
}, 1_200_000);

async function inStep(): Promise<void> {
  await eventually(async () => expect(await fieldDifferences(replicas.admin, replicas.sql)).toEqual([]), 120_000);
}

async function report(what: string): Promise<void> {
  const from = performance.now();
  await inStep();
  if (longForm) console.log(`${what}: in step ${((performance.now() - from) / 1000).toFixed(1)} s after its return`);
}
