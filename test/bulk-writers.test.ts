import { afterAll, beforeAll, expect, test } from "bun:test";
import type { SyncResult, VerifyResult } from "@libs/keycloak-authV2/services/bulk";
import { AuthctlProcess, authctlEnv, stopAuthctl } from "./support/authctl-process.ts";
import { eventually } from "./support/eventually.ts";
import { fieldDifferences } from "./support/field-differences.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { KeycloakTables } from "./support/keycloak-population.ts";
import { KeycloakWriters } from "./support/keycloak-writers.ts";
import { amount, longForm } from "./support/long-form.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
const users = amount(1_500, 20_000);
const WRITERS = 4;
/** The scan takes some seconds, or the writers would have little to write into. */
const pace = ["--page-size", "100", "--max-rate", String(amount(400, 600))];
const inStep = { missing: 0, extra: 0, field: 0, session: 0 };

let tables: KeycloakTables;

beforeAll(async () => {
  tables = new KeycloakTables(replicas.stack);
  await tables.fill({ users, crowd: amount(150, 1_500), undated: 5, nameless: 5, mailless: 5, disabled: 10 });
});

afterAll(async () => {
  await Promise.all([stopAuthctl(), stopGateways()]);
  await tables?.close();
}, 300_000);

test(`${WRITERS} writers change users while a sync scans, and no gateway runs: they end up right`, async () => {
  const { stack, sql, admin } = replicas;
  const writers = new KeycloakWriters(admin, stack.realm);
  const written = writers.run(WRITERS, Number.POSITIVE_INFINITY);
  await eventually(() => expect(writers.made).toBeGreaterThan(10), 60_000);
  const madeBefore = writers.made;
  let madeWhileScanning = 0;
  const sync = AuthctlProcess.start(authctlEnv(stack), ["users", "sync", ...pace], ({ type, phase, done, total }) => {
    if (type !== "progress" || phase !== "scanning") return;
    // What comes after the scan's end is the feed's, and here is none.
    if (Number(done) > Number(total) / 2) writers.stop();
    else madeWhileScanning = writers.made - madeBefore;
  });
  const { state, counts } = await sync.result<SyncResult>();
  writers.stop();
  await written;

  expect(state).toBe("finished");
  expect(counts.scanned).toBeGreaterThanOrEqual(users);
  expect(madeWhileScanning).toBeGreaterThan(0);
  expect(await fieldDifferences(admin, sql)).toEqual([]);
  expect(await differences()).toEqual(inStep);
  if (longForm) console.log(`${madeWhileScanning} changes during the first half of a scan over ${users} users`);
}, 1_200_000);

test(`${WRITERS} writers go on during a sync and beyond, and a gateway follows the changes: verify finds nothing`, async () => {
  const { stack, sql, admin, start } = replicas;
  const gateway = await start("directly", { FEED_MAX_DELETIONS_PER_MINUTE: "100000" });
  const writers = new KeycloakWriters(admin, stack.realm);
  const written = writers.run(WRITERS, Number.POSITIVE_INFINITY);
  await eventually(() => expect(writers.made).toBeGreaterThan(10), 60_000);
  const madeBefore = writers.made;
  const sync = AuthctlProcess.start(authctlEnv(stack), ["users", "sync", "--fresh", ...pace]);
  expect((await sync.result<SyncResult>()).state).toBe("finished");
  const madeDuring = writers.made - madeBefore;
  writers.stop();
  await written;

  expect(madeDuring).toBeGreaterThan(0);
  expect(await differences()).toEqual(inStep);
  await eventually(async () => expect(await fieldDifferences(admin, sql)).toEqual([]), 30_000);
  await gateway.stop();
  if (longForm) console.log(`${madeDuring} changes during a sync of ${users} users`);
}, 1_200_000);

async function differences(): Promise<VerifyResult["differences"]> {
  const verify = AuthctlProcess.start(authctlEnv(replicas.stack), ["users", "verify"]);
  return (await verify.result<VerifyResult>()).differences;
}
