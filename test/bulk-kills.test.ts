import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomInt } from "node:crypto";
import { STACK_TIMEOUT_MS, type TestRealm, useStack } from "@libs/dev-stack";
import type { SyncResult } from "@libs/keycloak-authV2/services/bulk";
import { SQL } from "bun";
import { AuthctlProcess, authctlEnv, stopAuthctl } from "./support/authctl-process.ts";
import { CountingProxy } from "./support/counting-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { KeycloakTables, localFingerprint } from "./support/keycloak-population.ts";
import { amount, longForm } from "./support/long-form.ts";

const users = amount(2_500, 100_000);
const kills = amount(4, 20);
const special = { crowd: amount(300, 3_000), undated: 20, nameless: 15, mailless: 10, disabled: 25 };
/** Slow enough that the kills come before the end. */
const pace = ["--page-size", String(amount(100, 500)), "--max-rate", String(amount(600, 1_500))];
const longestMs = amount(700, 4_000);

/** What a run keeps of where it is. */
interface Position {
  phase: "windows" | "last_pass" | "after";
  through: number;
  slice: { first: number } | null;
}

let realm: TestRealm;
let proxy: CountingProxy;
let tables: KeycloakTables;
let sql: SQL;
let env: Record<string, string>;

beforeAll(async () => {
  const stack = await useStack();
  realm = await stack.createRealm();
  const { url: databaseUrl } = await stack.createDatabase();
  proxy = CountingProxy.to(stack.keycloakUrl);
  env = authctlEnv({ ...stack, ...realm, databaseUrl, keycloakUrl: proxy.url });
  sql = new SQL(databaseUrl, { max: 1 });
  tables = new KeycloakTables({ databaseUrl, realm: realm.realm });
  await tables.fill({ users, ...special });
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await stopAuthctl();
  await Promise.all([proxy?.stop(), tables?.close(), sql?.close()]);
  await realm?.drop();
}, 600_000);

test(`a sync of ${users} users, killed ${kills} times: it goes on each time, scans no finished window again, and is exact`, async () => {
  const again: string[] = [];
  let positions = 0;
  let known: Position | null = null;
  for (let kill = 0; kill < kills; kill++) {
    const first = proxy.urls.length;
    const run = AuthctlProcess.start(env, ["users", "sync", ...pace]);
    await eventually(() => expect(listsFrom(first)).not.toEqual([]), 30_000);
    await Bun.sleep(randomInt(longestMs));
    expect(await run.kill()).toBe(true);
    await connectionsClosed();
    again.push(...scannedAgain(known, listsFrom(first)));
    const position = await positionNow();
    if (JSON.stringify(position) !== JSON.stringify(known)) positions++;
    known = position;
  }
  const first = proxy.urls.length;
  const { state, resumedFrom, counts } = await AuthctlProcess.start(env, ["users", "sync"]).result<SyncResult>();
  again.push(...scannedAgain(known, listsFrom(first)));

  expect(again).toEqual([]);
  expect(positions).toBeGreaterThanOrEqual(amount(1, kills / 2));
  expect({ state, resumed: resumedFrom !== null }).toEqual({ state: "finished", resumed: true });
  // A page that was written, and not noted any more, is written again: nothing in it differs then.
  const { scanned, inserted, unchanged, notices } = counts;
  expect({ scanned, written: inserted + unchanged }).toEqual({ scanned: users, written: users });
  expect(counts).toHaveProperty("walked", users);
  const { no_created_time, no_names, no_email, service_account } = notices;
  expect({ no_created_time, no_names, no_email, service_account }).toEqual({
    no_created_time: special.undated,
    no_names: special.nameless,
    no_email: special.mailless,
    service_account: 1,
  });
  expect(await sql`SELECT kind, state FROM sync_runs`.values()).toEqual([["sync", "finished"]]);
  expect(await localFingerprint(sql)).toEqual(await tables.fingerprint());
  if (longForm) {
    const lists = listsFrom(0).length;
    console.log(`${users} users, ${kills} kills, ${positions} new positions, ${lists} lists of users read`);
  }
}, 1_800_000);

/** Reads of a page of users since a call; those by id or name are no part of the scan. */
function listsFrom(first: number): URLSearchParams[] {
  const lists = proxy.urls.slice(first).filter(({ pathname }) => /\/users\/?$/.test(pathname));
  return lists.map(({ searchParams }) => searchParams).filter((query) => !query.has("search"));
}

/** Reads that lie before where the run was. */
function scannedAgain(known: Position | null, lists: URLSearchParams[]): string[] {
  if (!known) return [];
  const isBefore = (query: URLSearchParams) => {
    const offset = Number(query.get("first") ?? 0);
    const after = query.get("createdAfter");
    if (known.phase === "after") return true;
    if (after === null) return known.phase === "last_pass" && offset < (known.slice?.first ?? 0);
    if (known.phase !== "windows" || Number(after) <= known.through) return true;
    return (
      Number(after) === known.through + 1 && query.get("createdBefore") === after && offset < (known.slice?.first ?? 0)
    );
  };
  return lists.filter(isBefore).map((query) => `${JSON.stringify(known)}: ${query}`);
}

/** What a killed process had sent may still be under way. */
async function connectionsClosed(): Promise<void> {
  await eventually(async () => {
    const [row] = await sql`
      SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'authctl'`;
    expect(row.n).toBe(0);
  });
}

async function positionNow(): Promise<Position> {
  const rows: { position: Position }[] = await sql`SELECT position FROM sync_runs`;
  expect(rows).toHaveLength(1);
  return (rows[0] as { position: Position }).position;
}
