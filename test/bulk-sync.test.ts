import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { randomInt } from "node:crypto";
import type { BulkProgress, SyncOptions } from "@libs/keycloak-authV2/services/bulk";
import { BulkProcess } from "./support/bulk-process.ts";
import { createBulkService } from "./support/bulk-service.ts";
import { eventually } from "./support/eventually.ts";
import { KeycloakWriters } from "./support/keycloak-writers.ts";
import { amount } from "./support/long-form.ts";
import { type ImportedUser, importUsers, manyUsers } from "./support/many-users.ts";
import { useReplicas } from "./support/replicas.ts";
import { stopSupervisedRuns } from "./support/supervised-run.ts";

const replicas = useReplicas();
const ofOneMillisecond = 400;
const users = manyUsers(amount(1_500, 3_000), ofOneMillisecond);
let service: ReturnType<typeof createBulkService>;

beforeAll(async () => {
  const { stack, admin } = replicas;
  await importUsers(admin, stack.realm, users);
  service = createBulkService(stack);
}, 120_000);
afterEach(stopSupervisedRuns);
afterAll(() => service?.close());

const sync = (options: SyncOptions = {}) => service.bulk.sync({ pageSize: 50, ...options });

interface Row {
  id: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  enabled: boolean;
  emailVerified: boolean;
}

/** What must be here, whatever happened on the way. */
async function expectExactly(expected: readonly ImportedUser[]): Promise<void> {
  const rows: Row[] = await replicas.sql`
    SELECT id, username, email, first_name AS "firstName", last_name AS "lastName", enabled,
      email_verified AS "emailVerified" FROM users WHERE deleted_at IS NULL ORDER BY username`;
  const wanted = expected.map(({ createdTimestamp: _, ...user }) => user);
  expect(rows.map((row) => ({ ...row }))).toEqual(wanted as Row[]);
}

const forget = () => replicas.sql`TRUNCATE users, sync_runs, scan_seen CASCADE`;

test("everybody is brought over, and a second run writes nothing", async () => {
  const first = await sync();
  expect(first).toMatchObject({ state: "finished", counts: { scanned: users.length, inserted: users.length } });
  expect(first.counts.notices).toMatchObject({ service_account: 1, failed: 0, no_created_time: 0 });
  await expectExactly(users);
  const before = await writesOfUsers();
  const second = await sync();
  expect(second.counts).toMatchObject({ scanned: users.length, unchanged: users.length, inserted: 0, updated: 0 });
  expect(await writesOfUsers()).toEqual(before);
});

/** Changes with whatever is written to `users`, or locked there: the transactions and places of its rows. */
async function writesOfUsers(): Promise<string> {
  const [row] = await replicas.sql`
    SELECT count(*) || md5(string_agg(concat_ws(' ', id, xmin, xmax, ctid), ',' ORDER BY id)) AS rows FROM users`;
  return row.rows;
}

test("killed at random moments it goes on each time, scans no finished window again, and ends exactly", async () => {
  await forget();
  const kills = amount(3, 20);
  let killed = 0;
  let through = -1;
  for (;;) {
    const run = new BulkProcess({ ...replicas.stack, pageSize: 50 });
    if (killed < kills) {
      const lists = randomInt(1, 8);
      await eventually(() => expect(run.end !== undefined || run.asked.length > lists).toBe(true), 60_000);
      await Bun.sleep(randomInt(60));
    }
    if (killed < kills && run.end === undefined) {
      await run.kill();
      killed += 1;
    } else {
      expect(await run.exited()).toBe(0);
    }
    for (const { from } of run.asked) expect(from).toBeGreaterThan(through);
    const [row] =
      await replicas.sql`SELECT position FROM sync_runs WHERE kind = 'sync' ORDER BY started_at DESC LIMIT 1`;
    through = row?.position.through ?? -1;
    if (!run.end) continue;
    expect(run.end).toMatchObject({ state: "finished", resumed: true, counts: { scanned: users.length } });
    break;
  }
  expect(killed).toBe(kills);
  await expectExactly(users);
}, 600_000);

test("outages of Keycloak and of PostgreSQL in its middle are waited for", async () => {
  await forget();
  const { stack, keycloak, postgres } = replicas;
  const proxied = {
    ...stack,
    keycloakUrl: `http://127.0.0.1:${keycloak.port}`,
    databaseUrl: stack.databaseUrl.replace(/@[^/]+\//, `@127.0.0.1:${postgres.port}/`),
  };
  const through = createBulkService(proxied);
  const outages = [
    { of: "keycloak", server: keycloak },
    { of: "database", server: postgres },
  ];
  const waitedFor: string[] = [];
  const onProgress = ({ phase, done, waitingFor }: BulkProgress) => {
    const [away] = outages;
    if (!away) return;
    if (away.server.mode === "pass") {
      if (phase === "scanning" && done > 0) away.server.mode = "refuse";
    } else if (waitingFor?.code.startsWith(away.of) && waitedFor.at(-1) !== away.of) {
      // Each lasts until it is waited for, and some retries longer.
      waitedFor.push(away.of);
      setTimeout(() => {
        away.server.mode = "pass";
        outages.shift();
      }, 1_000);
    }
  };
  const { state, counts } = await through.bulk.sync({ pageSize: 25, concurrency: 1, maxRate: 600, onProgress });
  expect(state).toBe("finished");
  expect(counts.scanned).toBe(users.length);
  expect(waitedFor).toEqual(["keycloak", "database"]);
  expect(outages).toEqual([]);
  await expectExactly(users);
  await through.close();
});

test("four writers change users while it scans: in the end nothing differs", async () => {
  const { admin, stack } = replicas;
  const writers = new KeycloakWriters(admin, stack.realm);
  const writing = writers.run(4, 10_000);
  await eventually(() => expect(writers.made).toBeGreaterThan(4), 30_000);
  const atBegin = writers.made;
  const onProgress = ({ phase }: BulkProgress) => {
    if (phase === "looking_for_extra") writers.stop();
  };
  await sync({ fresh: true, maxRate: 500, allowDeletes: true, onProgress });
  await writing;
  expect(writers.made - atBegin).toBeGreaterThan(20);
  const found: unknown[] = [];
  const { differences } = await service.bulk.verify({ settleMs: 500, onDifference: (one) => void found.push(one) });
  expect(found).toEqual([]);
  expect(differences).toEqual({ missing: 0, extra: 0, field: 0, session: 0 });
}, 120_000);
