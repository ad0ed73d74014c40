import { expect, test } from "bun:test";
import { loginOf } from "@libs/database/testing";
import { AuthError } from "@libs/problems";
import { type BulkFixture, createBulkFixture } from "../../testing/bulk-fixture.ts";
import { keycloakUser } from "../../testing/log-in.ts";
import type { BulkNotice } from "./bulk-notice.ts";
import type { RepairOptions, VerifyOptions } from "./bulk-options.ts";
import type { Difference } from "./difference.ts";
import { repairUsers } from "./repair-users.ts";
import { syncUsers } from "./sync-users.ts";
import { verifyUsers } from "./verify-users.ts";

async function verify({ bulkDeps }: BulkFixture, options: VerifyOptions = {}) {
  const found: Difference[] = [];
  const result = await verifyUsers(bulkDeps, {
    pageSize: 20,
    settleMs: 20,
    onDifference: (one) => void found.push(one),
    ...options,
  });
  return { ...result, found };
}

const repair = ({ bulkDeps }: BulkFixture, options: RepairOptions = {}) =>
  repairUsers(bulkDeps, { pageSize: 20, settleMs: 20, ...options });

async function synced() {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(50);
  await syncUsers(fixture.bulkDeps, {});
  return { ...fixture, ids };
}

async function logIn(fixture: BulkFixture, userId: string, inKeycloak = true): Promise<string> {
  const { keycloakSessionId: id } = loginOf().session;
  const user = keycloakUser(fixture, userId);
  const profile = { ...user, email: user.email, id: userId };
  const at = new Date(fixture.clock.now);
  const { session } = await fixture.deps.sessions.recordLogin(
    loginOf({ profile, session: { keycloakSessionId: id, startedAt: at } }),
  );
  const online = { id, userId, username: user.username, ipAddress: "", start: at, lastAccess: at, ours: true };
  if (inKeycloak) fixture.keycloak.sessions.set(id, online);
  return session.sessionId;
}

/** One of each kind. */
async function plant(fixture: BulkFixture) {
  const { keycloak, deps } = fixture;
  fixture.addUser("missing", 5);
  await deps.users.markDeleted("u00001", deps.now());
  Object.assign(keycloak.users.get("u00002") ?? {}, { email: "else@example.test", lastName: null });
  const disabled = await logIn(fixture, "u00003");
  Object.assign(keycloak.users.get("u00003") ?? {}, { enabled: false });
  keycloak.users.delete("u00004");
  await logIn(fixture, "u00005");
  const ended = await logIn(fixture, "u00005", false);
  return { disabled, ended };
}

test("nothing differs: nothing is reported, nothing is written", async () => {
  const fixture = await synced();
  await logIn(fixture, "u00001");
  const rows = structuredClone(fixture.database.users);
  expect(await verify(fixture)).toMatchObject({ state: "finished", found: [], counts: { scanned: 50, unchanged: 50 } });
  expect(fixture.database.users).toEqual(rows);
});

test("each difference is reported, and nothing else", async () => {
  const fixture = await synced();
  const { disabled, ended } = await plant(fixture);
  const { found, differences } = await verify(fixture);
  const key = (one: Difference) => JSON.stringify(one);
  const sid = (sessionId: string) => fixture.database.sessions.get(sessionId)?.keycloakSessionId ?? "";
  const subject = (userId: string) => ({ userId, username: `name-${userId}` });
  const expected: Difference[] = [
    { kind: "missing", ...subject("missing"), local: "none" },
    { kind: "missing", ...subject("u00001"), local: "tombstone" },
    {
      kind: "field",
      ...subject("u00002"),
      field: "email",
      keycloak: "else@example.test",
      local: "u00002@example.test",
    },
    { kind: "field", ...subject("u00002"), field: "lastName", keycloak: null, local: "Lovelace" },
    { kind: "field", ...subject("u00003"), field: "enabled", keycloak: false, local: true },
    { kind: "extra", ...subject("u00004") },
    {
      kind: "session",
      ...subject("u00003"),
      sessionId: disabled,
      keycloakSessionId: sid(disabled),
      reason: "user_disabled",
    },
    {
      kind: "session",
      ...subject("u00005"),
      sessionId: ended,
      keycloakSessionId: sid(ended),
      reason: "ended_in_keycloak",
    },
  ];
  expect(found.map(key).toSorted()).toEqual(expected.map(key).toSorted());
  expect(differences).toEqual({ missing: 2, extra: 1, field: 3, session: 2 });
});

test("only the kinds that are asked for", async () => {
  const fixture = await synced();
  await plant(fixture);
  const { found } = await verify(fixture, { only: ["extra"] });
  expect(found.map(({ kind }) => kind)).toEqual(["extra"]);
  expect((await verify(fixture, { only: ["session"] })).found).toHaveLength(2);
});

test("a change on its way is no difference", async () => {
  const fixture = await synced();
  const user = fixture.keycloak.users.get("u00002");
  Object.assign(user ?? {}, { lastName: "Byron" });
  setTimeout(() => {
    const row = fixture.database.users.get("u00002");
    Object.assign(row ?? {}, { lastName: "Byron" });
  }, 200);
  expect((await verify(fixture, { settleMs: 400 })).found).toEqual([]);
});

test("whose registration is not finished is no difference, under the realm's naming too", async () => {
  const fixture = await synced();
  const { deps, addUser } = fixture;
  const now = deps.now();
  const profile = {
    firstName: "Ada",
    lastName: null,
    emailVerified: false,
    enabled: true,
    storeId: null,
    organizationId: null,
    metadata: {},
  };
  const asked = { id: "registration", username: "asked", email: "r@example.test", idempotencyKey: null, profile };
  await deps.registrations.begin({ ...asked, now, recoverAt: now, lostUntil: now });
  addUser("r", 5, { username: "r@example.test", attributes: { registrationId: ["registration"] } });
  expect((await verify(fixture)).found).toEqual([]);
});

test("repair removes them all, leaves local columns alone, and then nothing differs", async () => {
  const fixture = await synced();
  const { database } = fixture;
  await plant(fixture);
  for (const row of database.users.values()) row.metadata = { cart: row.id };
  const before = structuredClone(database.users);
  const planned = await repair(fixture, { dryRun: true });
  expect(planned).toMatchObject({ outcomes: { repaired: 0, planned: 8, held: 0, failed: 0 } });
  expect(database.users).toEqual(before);
  // The disabled user's session ends with the user, before sessions are compared.
  expect(await repair(fixture)).toMatchObject({ outcomes: { repaired: 7, planned: 0, held: 0, failed: 0 } });
  expect((await verify(fixture)).found).toEqual([]);
  for (const [id, { metadata, loginCount, createdAt }] of before)
    expect(database.users.get(id)).toMatchObject({ metadata, loginCount, createdAt });
  expect([...database.keycloakLogouts.values()]).toHaveLength(1);
});

test("many deletions are held unless they are allowed", async () => {
  const fixture = await synced();
  for (const id of fixture.ids.slice(0, 11)) fixture.keycloak.users.delete(id);
  expect((await repair(fixture)).outcomes).toMatchObject({ held: 11, repaired: 0 });
  expect((await repair(fixture, { allowDeletes: true })).outcomes).toMatchObject({ held: 0, repaired: 11 });
});

test("one user whose sessions Keycloak fails to list does not end the run, and is reported", async () => {
  const fixture = await synced();
  const { deps, bulkDeps } = fixture;
  await logIn(fixture, "u00003", false);
  const ended = await logIn(fixture, "u00005", false);
  const listSessions = deps.keycloak.listSessions.bind(deps.keycloak);
  bulkDeps.keycloak.listSessions = async (userId) => {
    if (userId === "u00003") throw new AuthError("keycloak.unavailable");
    return listSessions(userId);
  };
  const notices: BulkNotice[] = [];
  const { state, found } = await verify(fixture, {
    only: ["session"],
    outageMs: 1,
    onNotice: (one) => notices.push(one),
  });
  expect(state).toBe("finished");
  expect(found).toMatchObject([{ kind: "session", userId: "u00005", sessionId: ended }]);
  expect(notices).toEqual([
    { kind: "failed", userId: "u00003", username: "name-u00003", error: "keycloak.unreadable_user" },
  ]);
});
