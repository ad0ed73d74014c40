import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseUnavailableError, StatementRefusedError } from "@libs/database";
import { AuthError } from "@libs/problems";
import { keycloakUser, logIn } from "../../testing/log-in.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { syncOnAuthentication } from "../sessions/sync-on-authentication.ts";
import { plainTokens } from "../shared/seal-tokens.ts";
import { reconcileUsers } from "./reconcile-users.ts";

let fixture: SyncFixture;
beforeEach(() => {
  fixture = createSyncFixture();
});

async function person(name: string) {
  const profile = { username: name, email: `${name}@example.com`, firstName: "Ada", lastName: "Lovelace" };
  const password = "correct horse battery";
  return await fixture.deps.keycloak.createUser({ ...profile, password, emailVerified: true, enabled: true });
}

async function known(name: string) {
  const id = await person(name);
  await reconcileUsers(fixture.deps, [id]);
  return id;
}

const inKeycloak = (id: string) => keycloakUser(fixture, id);
const outcomesOf = async (...args: Parameters<typeof reconcileUsers>) =>
  [...(await reconcileUsers(...args)).values()].map((one) => ("error" in one ? one.error : one.outcome));

describe("reconciling users", () => {
  test("inserts, updates, leaves alone, revives", async () => {
    const { deps } = fixture;
    const id = await person("ada");
    expect(await outcomesOf(deps, [id])).toEqual(["inserted"]);
    expect(await outcomesOf(deps, [id])).toEqual(["unchanged"]);
    inKeycloak(id).lastName = "Byron";
    expect(await outcomesOf(deps, [id])).toEqual(["updated"]);
    expect(await deps.users.findById(id)).toMatchObject({ lastName: "Byron" });
    await deps.users.markDeleted(id, deps.now());
    expect(await outcomesOf(deps, [id])).toEqual(["revived"]);
  });

  test("that began earlier does not overwrite a later one", async () => {
    const { deps, keycloak } = fixture;
    const id = await known("ada");
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    let slow = true;
    keycloak.after = (operation) => {
      if (operation !== "get_users" || !slow) return;
      slow = false;
      return goOn;
    };
    const early = outcomesOf(deps, [id]);
    while (slow) await Bun.sleep(1);
    inKeycloak(id).lastName = "Byron";
    expect(await outcomesOf(deps, [id])).toEqual(["updated"]);
    resolve();
    // It reads once more.
    expect(await early).toEqual(["unchanged"]);
    expect(await deps.users.findById(id)).toMatchObject({ lastName: "Byron" });
  });

  test("reads many at once", async () => {
    const ids = await Promise.all(Array.from({ length: 120 }, (_, n) => person(`user${n}`)));
    const before = fixture.keycloak.calls.length;
    expect(new Set(await outcomesOf(fixture.deps, ids))).toEqual(new Set(["inserted"]));
    expect(fixture.keycloak.calls.slice(before)).toEqual(["get_users", "get_users", "get_users"]);
  });
});

test("a client's service account gets no row; a person with a name like that does", async () => {
  const { deps, keycloak, database } = fixture;
  const id = await person("service-account-holder");
  const outcomes = await reconcileUsers(deps, [keycloak.serviceAccount.id, id]);
  expect(outcomes.get(keycloak.serviceAccount.id)).toEqual({ outcome: "absent", enabled: false });
  expect(outcomes.get(id)).toEqual({ outcome: "inserted", enabled: true });
  expect([...database.users.keys()]).toEqual([id]);
});

describe("names", () => {
  test("are swapped, when one of the two is reconciled", async () => {
    const { deps } = fixture;
    const [ada, bob] = [await known("ada"), await known("bob")];
    Object.assign(inKeycloak(ada), { email: "bob@example.com" });
    Object.assign(inKeycloak(bob), { email: "ada@example.com" });
    expect(await outcomesOf(deps, [ada])).toContain("updated");
    expect(await deps.users.findById(ada)).toMatchObject({ email: "bob@example.com" });
    expect(await deps.users.findById(bob)).toMatchObject({ email: "ada@example.com" });
  });

  test("go round among several", async () => {
    const { deps } = fixture;
    const ids = await Promise.all(["a", "b", "c", "d"].map((name) => known(`person-${name}`)));
    const emails = ids.map((id) => inKeycloak(id).email);
    for (const [n, id] of ids.entries()) inKeycloak(id).email = emails[(n + 1) % ids.length] ?? null;
    await reconcileUsers(deps, ids.slice(0, 1));
    const rows = await deps.users.findByIds(ids);
    expect(new Map(rows.map((row) => [row.id, row.email]))).toEqual(
      new Map(ids.map((id) => [id, inKeycloak(id).email])),
    );
  });

  test("of one who was deleted and made again belong to the new one", async () => {
    const { deps, keycloak } = fixture;
    const old = await known("ada");
    keycloak.removeUser(old);
    const fresh = await person("ada");
    expect(await outcomesOf(deps, [fresh])).toContain("inserted");
    expect(await deps.users.findById(old)).toMatchObject({ deletedAt: deps.now() });
    expect(await deps.users.findByUsername("ada")).toMatchObject({ id: fresh });
  });

  test("that another holds in Keycloak too are a failure of that user alone", async () => {
    const { deps, keycloak } = fixture;
    const [ada, bob] = [await known("ada"), await person("bob")];
    keycloak.users.set(bob, { ...inKeycloak(bob), email: "ada@example.com" });
    const outcomes = await reconcileUsers(deps, [bob, ada]);
    expect(outcomes.get(ada)).toEqual({ outcome: "unchanged", enabled: true });
    expect(outcomes.get(bob)).toEqual({ error: "user.name_collision", own: true });
  });
});

describe("who is not found", () => {
  test("becomes a tombstone, sessions end without a logout in Keycloak", async () => {
    const { deps, keycloak, database } = fixture;
    const { keycloakUserId, sessionId } = await logIn(fixture, "one");
    const other = await known("other");
    keycloak.removeUser(keycloakUserId);
    expect(await outcomesOf(deps, [keycloakUserId, other])).toEqual(["deleted", "unchanged"]);
    expect(database.sessions.get(sessionId)).toMatchObject({ endReason: "user_deleted" });
    expect(database.keycloakLogouts.size).toBe(0);
    expect(await outcomesOf(deps, [keycloakUserId, other])).toEqual(["absent", "unchanged"]);
  });

  test("stays while the answer lacks one who must be there", async () => {
    const { deps, keycloak } = fixture;
    const id = await known("ada");
    keycloak.removeUser(id);
    expect(await outcomesOf(deps, [id])).toEqual(["user.absence_unproven"]);
    expect(await outcomesOf(deps, [id], { witnessId: "not there" })).toEqual(["user.absence_unproven"]);
    expect(await outcomesOf(deps, [id], { witnessId: keycloak.serviceAccount.id })).toEqual(["deleted"]);
  });

  test("stays when Keycloak knows the user by its id", async () => {
    const { deps, keycloak } = fixture;
    const id = await known("ada");
    const witnessId = keycloak.serviceAccount.id;
    const hidden = inKeycloak(id);
    keycloak.before = (operation) => {
      if (operation === "get_users") keycloak.users.delete(id);
      if (operation === "get_user") keycloak.users.set(id, hidden);
    };
    expect(await outcomesOf(deps, [id], { witnessId })).toEqual(["unchanged"]);
  });

  test("waits when more than the limit went within a minute", async () => {
    const { deps, keycloak, clock } = fixture;
    const ids = await Promise.all(["a", "b", "c"].map((name) => known(`person-${name}`)));
    for (const id of ids) keycloak.removeUser(id);
    const options = { witnessId: keycloak.serviceAccount.id, maxDeletionsPerMinute: 2 };
    expect(await outcomesOf(deps, ids, options)).toEqual(["deleted", "deleted", "feed.deletions_paused"]);
    clock.now += 61_000;
    expect(await outcomesOf(deps, ids, options)).toEqual(["absent", "absent", "deleted"]);
  });
});

test("a disabled user's sessions end, with Keycloak's logout", async () => {
  const { deps, database, woken } = fixture;
  const { keycloakUserId, keycloakSessionId, sessionId } = await logIn(fixture, "one");
  inKeycloak(keycloakUserId).enabled = false;
  expect(await reconcileUsers(deps, [keycloakUserId])).toEqual(
    new Map([[keycloakUserId, { outcome: "updated", enabled: false }]]),
  );
  expect(database.sessions.get(sessionId)).toMatchObject({ endReason: "user_disabled" });
  expect([...database.keycloakLogouts.keys()]).toEqual([keycloakSessionId]);
  expect(woken).toContain("logouts");
});

describe("failures", () => {
  test("an outage is nobody's own", async () => {
    const { deps, keycloak } = fixture;
    const ids = [await person("ada"), await person("bob")];
    keycloak.before = () => {
      throw new AuthError("keycloak.unavailable");
    };
    const away = { error: "keycloak.unavailable", own: false };
    expect([...(await reconcileUsers(deps, ids)).values()]).toEqual([away, away]);
    keycloak.before = undefined;
    deps.users.applyProfiles = () => Promise.reject(new DatabaseUnavailableError("away"));
    expect([...(await reconcileUsers(deps, ids)).values()].map((one) => "own" in one && one.own)).toEqual([
      false,
      false,
    ]);
  });

  test("one user whom the database refuses does not stop the others", async () => {
    const { deps } = fixture;
    const ids = await Promise.all(Array.from({ length: 9 }, (_, n) => person(`user${n}`)));
    const bad = ids[4];
    const apply = deps.users.applyProfiles.bind(deps.users);
    deps.users.applyProfiles = async (profiles, ...rest) => {
      if (profiles.some(({ id }) => id === bad)) throw new StatementRefusedError("22021", "refused");
      return await apply(profiles, ...rest);
    };
    const outcomes = await reconcileUsers(deps, ids, { witnessId: fixture.keycloak.serviceAccount.id });
    expect(ids.map((id) => outcomes.get(id))).toEqual(
      ids.map((id) =>
        id === bad ? { error: "user.refused_here", own: true } : { outcome: "inserted", enabled: true },
      ),
    );
  });
});

describe("a login whose token says something else than the row", () => {
  async function again(username: string, keycloakUserId: string) {
    const { deps, keycloak } = fixture;
    const tokens = await keycloak.tokenClient.passwordGrant({ username, password: "correct horse battery" });
    const sessionData = {
      ...plainTokens(tokens, deps.now()),
      sessionId: "again",
      keycloakSessionId: tokens.session_state,
    };
    const { email, firstName, lastName, emailVerified } = inKeycloak(keycloakUserId);
    const input = { keycloakUserId, username, email, firstName, lastName, emailVerified, sessionData };
    return await syncOnAuthentication(deps, input);
  }

  test("has the user reconciled, in its own time", async () => {
    const { keycloakUserId, username } = await logIn(fixture, "one");
    inKeycloak(keycloakUserId).lastName = "Byron";
    expect(await again(username, keycloakUserId)).toMatchObject({ user: { lastName: "Byron" } });
  });

  test("goes on when Keycloak can't be asked, and leaves a notice", async () => {
    const { database, keycloak, woken } = fixture;
    const { keycloakUserId, username } = await logIn(fixture, "one");
    database.notices.clear();
    inKeycloak(keycloakUserId).lastName = "Byron";
    keycloak.before = (operation) => {
      if (operation === "get_users") throw new AuthError("keycloak.timeout");
    };
    expect(await again(username, keycloakUserId)).toMatchObject({ user: { lastName: "Lovelace" } });
    expect([...database.notices.values()]).toMatchObject([{ kind: "user", subject: keycloakUserId, source: "login" }]);
    expect(woken).toContain("notices");
  });

  test("costs nothing when they agree", async () => {
    const { keycloakUserId, username } = await logIn(fixture, "one");
    const before = fixture.keycloak.calls.length;
    await again(username, keycloakUserId);
    expect(fixture.keycloak.calls.slice(before)).toEqual(["password_grant"]);
  });
});
