import { expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { type BulkFixture, createBulkFixture } from "../../testing/bulk-fixture.ts";
import type { BulkNotice } from "./bulk-notice.ts";
import type { SyncOptions } from "./bulk-options.ts";
import type { BulkProgress } from "./bulk-progress.ts";
import { previewSync } from "./preview-sync.ts";
import { syncUsers } from "./sync-users.ts";

const sync = ({ bulkDeps }: BulkFixture, options: SyncOptions = {}) =>
  syncUsers(bulkDeps, { pageSize: 20, ...options });

const liveIds = ({ database }: BulkFixture) =>
  [...database.users.values()].filter(({ deletedAt }) => !deletedAt).map(({ id }) => id);

/** Runs `work` before the scan's list of that number. */
function onceRead({ keycloak }: BulkFixture, list: number, work: () => unknown): void {
  let lists = 0;
  keycloak.before = async (operation) => {
    if (operation !== "search_users") return;
    lists += 1;
    if (lists === list) await work();
  };
}

test("everybody is brought over; a second run writes nothing", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(90);
  const first = await sync(fixture);
  expect(first).toMatchObject({ state: "finished", resumedFrom: null, counts: { scanned: 90, inserted: 90 } });
  expect(first.counts.notices.service_account).toBe(1);
  expect(liveIds(fixture).toSorted()).toEqual(ids);
  const rows = structuredClone(fixture.database.users);
  const tickets = structuredClone(fixture.database.userTickets);
  fixture.clock.now += 1_000;
  const second = await sync(fixture);
  expect(second.counts).toMatchObject({ scanned: 90, unchanged: 90, inserted: 0, updated: 0 });
  expect(fixture.database.users).toEqual(rows);
  expect(fixture.database.userTickets).toEqual(tickets);
});

test("who changed is updated, who was disabled is signed out, who is gone becomes a tombstone, who is back is revived", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(40);
  await sync(fixture);
  const { keycloak, database, deps, clock } = fixture;
  clock.now += 1_000;
  await deps.users.markDeleted("u00003", deps.now());
  Object.assign(keycloak.users.get("u00001") ?? {}, { email: "new@example.test" });
  Object.assign(keycloak.users.get("u00002") ?? {}, { enabled: false });
  keycloak.users.delete("u00004");
  const { counts } = await sync(fixture);
  expect(counts).toMatchObject({ scanned: 39, updated: 2, revived: 1, deleted: 1, unchanged: 36 });
  expect(database.users.get("u00001")?.email).toBe("new@example.test");
  expect(liveIds(fixture).toSorted()).toEqual(ids.filter((id) => id !== "u00004"));
});

test("more than 1 % are not deleted unless it is allowed, and are listed", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(60);
  await sync(fixture);
  for (const id of ids.slice(0, 11)) fixture.keycloak.users.delete(id);
  const held: BulkNotice[] = [];
  const onNotice = (notice: BulkNotice) => void (notice.kind === "deletion_held" && held.push(notice));
  expect((await previewSync(fixture.bulkDeps, {})).counts).toMatchObject({
    deleted: 0,
    notices: { deletion_held: 11 },
  });
  expect((await sync(fixture, { onNotice })).counts).toMatchObject({ deleted: 0, notices: { deletion_held: 11 } });
  expect(held.map(({ userId }) => userId)).toEqual(ids.slice(0, 11));
  expect(liveIds(fixture)).toHaveLength(60);
  expect((await sync(fixture, { allowDeletes: true })).counts.deleted).toBe(11);
  expect(liveIds(fixture)).toHaveLength(49);
});

test("a lost permission deletes nobody", async () => {
  const fixture = createBulkFixture();
  fixture.addUsers(5);
  await sync(fixture);
  fixture.keycloak.userRepository.searchUsers = async () => [];
  fixture.keycloak.userRepository.countUsers = async () => 0;
  fixture.keycloak.userRepository.getUsers = async () => [];
  await expect(sync(fixture, { allowDeletes: true })).rejects.toMatchObject({ code: "bulk.refused" });
  expect(liveIds(fixture)).toHaveLength(5);
});

test("stopped by the signal, it goes on where it was; another filter or `fresh` begins anew", async () => {
  const fixture = createBulkFixture();
  fixture.addUsers(200);
  const controller = new AbortController();
  onceRead(fixture, 5, () => controller.abort());
  const { runId, state, counts } = await sync(fixture, { signal: controller.signal });
  expect(state).toBe("interrupted");
  expect(counts.scanned).toBeGreaterThan(0);
  expect(counts.scanned).toBeLessThan(200);
  const rest = await sync(fixture);
  expect(rest).toMatchObject({ runId, state: "finished", counts: { scanned: 200, inserted: 200, unchanged: 0 } });
  expect(rest.resumedFrom).not.toBeNull();
  expect((await sync(fixture)).runId).not.toBe(runId);
});

test("a name that somebody else here has is asked about; who still has it is listed, and the others are written", async () => {
  const fixture = createBulkFixture();
  const { database, keycloak } = fixture;
  fixture.addUsers(10);
  await sync(fixture);
  // Deleted and created anew under the same name; and two who swap theirs.
  keycloak.users.delete("u00001");
  fixture.addUser("again", 5, { username: "name-u00001", email: "u00001@example.test" });
  Object.assign(keycloak.users.get("u00002") ?? {}, { username: "name-u00003" });
  Object.assign(keycloak.users.get("u00003") ?? {}, { username: "name-u00002" });
  // Keycloak would never have these two.
  fixture.addUser("twin", 6, { username: "name-u00004", email: null });
  const notices: BulkNotice[] = [];
  const { counts, runId } = await sync(fixture, { onNotice: (notice) => void notices.push(notice) });
  expect(counts).toMatchObject({ inserted: 1, updated: 2, notices: { collision: 1, no_email: 1 } });
  const collision = { userId: "twin", error: "user.name_collision" };
  expect(notices).toContainEqual({ kind: "collision", username: "name-u00004", ...collision });
  expect(await fixture.deps.scans.listFailures(runId as string, "", 10)).toEqual([collision]);
  expect(database.users.get("u00001")?.deletedAt).not.toBeNull();
  expect(database.users.get("u00003")?.username).toBe("name-u00002");
});

test("whose registration is not finished is left to the saga", async () => {
  const fixture = createBulkFixture();
  const { deps, clock } = fixture;
  const now = new Date(clock.now);
  const profile = {
    firstName: "Ada",
    lastName: "Lovelace",
    emailVerified: true,
    enabled: true,
    storeId: null,
    organizationId: null,
    metadata: {},
  };
  const names = { username: "name-r", email: "r@example.test", idempotencyKey: null };
  const times = { now, recoverAt: new Date(clock.now + 60_000), lostUntil: new Date(clock.now + 360_000) };
  await deps.registrations.begin({ id: "registration", profile, ...names, ...times });
  fixture.addUser("r", 5, { attributes: { registrationId: ["registration"] } });
  const { counts } = await sync(fixture);
  expect(counts).toMatchObject({ inserted: 0, notices: { unfinished: 1 } });
  expect(liveIds(fixture)).toEqual([]);
});

test("who changes while it scans is reconciled again in the end, by Keycloak's events", async () => {
  const fixture = createBulkFixture();
  fixture.addUsers(60);
  onceRead(fixture, 4, async () => {
    await fixture.keycloak.userRepository.updateUser("u00000", { lastName: "Byron" });
    await fixture.keycloak.userRepository.deleteUser("u00001");
  });
  await sync(fixture, { pageSize: 10 });
  expect(fixture.database.users.get("u00000")?.lastName).toBe("Byron");
  expect(fixture.database.users.get("u00001")?.deletedAt).not.toBeNull();
});

test("outages are waited for, and said", async () => {
  const fixture = createBulkFixture();
  fixture.addUsers(60);
  const phases = new Set<string>();
  let calls = 0;
  fixture.keycloak.before = () => {
    calls += 1;
    if (calls > 4 && calls < 8) throw new AuthError("keycloak.unavailable");
  };
  const { counts } = await sync(fixture, { onProgress: ({ phase }) => void phases.add(phase) });
  expect(counts.inserted).toBe(60);
  expect([...phases]).toContain("waiting");
});

test("two runs at once: the second is refused", async () => {
  const fixture = createBulkFixture();
  fixture.addUsers(5);
  await fixture.deps.leases.take("bulk", "another", 60_000);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  expect((await sync(fixture, { signal: controller.signal })).state).toBe("interrupted");
  expect(liveIds(fixture)).toEqual([]);
});

test("stopped while Keycloak is away, it says so at once, and goes on later", async () => {
  const fixture = createBulkFixture();
  fixture.addUsers(100);
  const controller = new AbortController();
  let away = false;
  onceRead(fixture, 4, () => {
    away = true;
  });
  const { before } = fixture.keycloak;
  fixture.keycloak.before = async (operation) => {
    await before?.(operation);
    if (away) throw new AuthError("keycloak.unavailable");
  };
  const onProgress = ({ phase }: BulkProgress) => void (phase === "waiting" && controller.abort());
  const stopped = await sync(fixture, { signal: controller.signal, onProgress });
  expect(stopped.state).toBe("interrupted");
  expect(await fixture.deps.scans.findUnfinished()).toMatchObject({ id: stopped.runId, state: "cancelled" });
  away = false;
  const resumed = { state: "finished", runId: stopped.runId, counts: { scanned: 100, inserted: 100 } };
  expect(await sync(fixture)).toMatchObject(resumed);
});
