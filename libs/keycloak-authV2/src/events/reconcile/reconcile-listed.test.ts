// Where Keycloak ignores times of creation, everybody is compared all the same.
import { beforeEach, expect, test } from "bun:test";
import { createLogger } from "@libs/observability";
import { OutageRetry } from "../../services/bulk/outage-retry.ts";
import { syncUsers } from "../../services/bulk/sync-users.ts";
import type { ComposedDeps } from "../../services/sync/composed-deps.ts";
import { type BulkFixture, createBulkFixture } from "../../testing/bulk-fixture.ts";
import { compareAllUsers, userKey } from "./compare-all-users.ts";
import { CountedPass } from "./counted-pass.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import { newRound, type Round } from "./round.ts";

let fixture: BulkFixture;
let run: ReconcileRun<ComposedDeps>;
let calls = 0;

beforeEach(async () => {
  fixture = createBulkFixture({ features: { createdFilter: false, searchByIds: false } });
  fixture.addUsers(450);
  fixture.addUser("undated", null);
  await syncUsers(fixture.bulkDeps, {});
  calls = 0;
  run = {
    deps: { ...fixture.bulkDeps, logger: createLogger({ destination: { write: () => {} } }) },
    retry: new OutageRetry({ outageMs: 0, firstDelayMs: 1 }),
    witnessId: fixture.keycloak.serviceAccount.id,
    pageSize: 100,
    passedOver: new Set(),
    comparesPasswords: async () => false,
    called: (more = 1) => {
      calls += more;
    },
  };
});

const reported = () => [...fixture.database.notices.values()].map(({ kind, subject }) => `${kind} ${subject}`).sort();
const ofKeycloak = (id: string) => fixture.keycloak.users.get(id) ?? {};

/** Begins anew after each step, as another replica does. */
async function roundInSteps(): Promise<{ round: Round; keys: (string | number)[] }> {
  const round = newRound(fixture.clock.now, 0);
  const keys: (string | number)[] = [];
  for (let isOver = false; !isOver; ) {
    round.position = round.position && JSON.parse(JSON.stringify(round.position));
    const steps = compareAllUsers(run, round, null);
    isOver = (await steps.next()).done === true;
    await steps.return(undefined);
    keys.push(userKey(round.position));
  }
  return { round, keys };
}

test("nobody differs: nobody is reported, in about a call a page", async () => {
  const { round, keys } = await roundInSteps();
  expect(reported()).toEqual([]);
  expect(round.done).toBe(451);
  expect(keys).toEqual(keys.toSorted());
  expect(calls).toBeLessThan(30);
});

test("who was changed, disabled, created and deleted is reported, whatever the order and the time", async () => {
  Object.assign(ofKeycloak("u00007"), { firstName: "Changed" });
  Object.assign(ofKeycloak("u00300"), { enabled: false });
  Object.assign(ofKeycloak("undated"), { lastName: "Changed" });
  fixture.addUser("new-1", 5, { username: "aaa" });
  fixture.addUser("new-2", null, { username: "zzz" });
  fixture.keycloak.users.delete("u00444");
  await roundInSteps();
  const differing = ["new-1", "new-2", "u00007", "u00300", "u00444", "undated"];
  expect(reported()).toEqual(differing.map((id) => `user ${id}`).sort());
});

test("a run that made it forgotten who was seen has the list read again, and not everybody by id", async () => {
  const round = newRound(fixture.clock.now, 0);
  const steps = compareAllUsers(run, round, null);
  for (let step = 0; step < 4; step += 1) await steps.next();
  await fixture.bulkDeps.scans.forgetSeen(null);
  fixture.keycloak.users.delete("u00100");
  for await (const _ of steps);
  expect(reported()).toEqual(["user u00100"]);
  expect(calls).toBeLessThan(40);
});

test("a round by time goes on as a list where an older Keycloak answers by now, and one of a list stays one", async () => {
  fixture.keycloak.features.createdFilter = true;
  const round = newRound(fixture.clock.now, 0);
  await compareAllUsers(run, round, null).next();
  expect(typeof userKey(round.position)).toBe("number");
  fixture.keycloak.features.createdFilter = false;
  const steps = compareAllUsers(run, round, null);
  await steps.next();
  expect(userKey(round.position)).toBe("listed 000000000100");
  await steps.return(undefined);
  fixture.keycloak.features.createdFilter = true;
  fixture.keycloak.users.delete("u00449");
  for await (const _ of compareAllUsers(run, round, null));
  expect(reported()).toEqual(["user u00449"]);
});

test.each([true, false])(
  "counts that differ have everybody compared once (spans could be counted: %p)",
  async (countable) => {
    fixture.keycloak.users.delete("u00200");
    const pass = new CountedPass({ live: -1, enabled: -1, emailVerified: -1 }, countable, fixture.clock.now);
    while (!(await pass.step(run)));
    expect(reported()).toEqual(["user u00200"]);
    expect(pass.found).toBe(1);
  },
);

test("a pass that finds nobody ends", async () => {
  const pass = new CountedPass({ live: 1, enabled: 0, emailVerified: 0 }, true, fixture.clock.now);
  let steps = 0;
  while (!(await pass.step(run))) steps += 1;
  expect(steps).toBeLessThan(15);
});
