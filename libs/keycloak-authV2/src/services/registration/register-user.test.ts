import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseError, DatabaseUnavailableError } from "@libs/database";
import { withDeadline } from "@libs/observability";
import { AuthError, isAuthError } from "@libs/problems";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { registerUser } from "./register-user.ts";

class RefusedByTrigger extends DatabaseError {
  override readonly name = "RefusedByTrigger";
}

const ada = {
  username: "Ada",
  email: "Ada@Example.com",
  password: "correct horse battery",
  firstName: "Ada",
  lastName: "Lovelace",
};

let fixture: SyncFixture;
beforeEach(() => {
  fixture = createSyncFixture();
});

/** Fails, and what the fakes hold then. */
async function failure(input = ada): Promise<{ code: string; states: string[]; inKeycloak: number; local: number }> {
  const { deps, keycloak, database, background } = fixture;
  const error = await registerUser(deps, input).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await background.drain();
  return {
    code: isAuthError(error) ? error.code : String((error as Error | undefined)?.name),
    states: [...database.registrations.values()].map(({ state }) => state),
    inKeycloak: keycloak.users.size,
    local: database.users.size,
  };
}

test("makes the user on both sides, with the names as Keycloak folds them", async () => {
  const user = await registerUser(fixture.deps, ada);
  expect(user).toMatchObject({ username: "ada", email: "ada@example.com", firstName: "Ada", enabled: true });
  expect([...fixture.keycloak.users.keys()]).toEqual([user.id]);
  const [row] = fixture.database.registrations.values();
  expect(row).toMatchObject({ state: "completed", keycloakUserId: user.id });
  expect(JSON.stringify([...fixture.database.registrations.values()])).not.toContain(ada.password);
});

describe("leaves nothing behind", () => {
  test("when the local database is away at the start: Keycloak is asked to make nobody", async () => {
    fixture.deps.registrations.begin = () => Promise.reject(new DatabaseUnavailableError());
    expect(await failure()).toEqual({ code: "DatabaseUnavailableError", states: [], inKeycloak: 0, local: 0 });
    expect(fixture.keycloak.calls).toEqual(["read_user_profile"]);
  });

  test("when Keycloak refuses", async () => {
    expect(await failure({ ...ada, password: "short" })).toEqual({
      code: "registration.password_rejected",
      states: ["failed"],
      inKeycloak: 0,
      local: 0,
    });
  });

  test("when the local write fails: the Keycloak user is deleted", async () => {
    fixture.deps.registrations.complete = () => Promise.reject(new RefusedByTrigger());
    expect(await failure()).toEqual({ code: "registration.undone", states: ["undone"], inKeycloak: 0, local: 0 });
  });

  test("when Keycloak made the user but its answer was lost", async () => {
    fixture.keycloak.after = (operation) => {
      if (operation === "create_user") throw new AuthError("keycloak.timeout");
    };
    expect(await failure()).toEqual({ code: "keycloak.timeout", states: ["undone"], inKeycloak: 0, local: 0 });
  });

  test("when the realm does not keep the registration's mark: said loudly", async () => {
    fixture = createSyncFixture({ declaredAttributes: [] });
    expect(await failure()).toEqual({ code: "keycloak.misconfigured", states: ["undone"], inKeycloak: 0, local: 0 });
  });

  test("when the caller's time was over before the local write", async () => {
    fixture.keycloak.after = async (operation) => {
      if (operation === "create_user") await Bun.sleep(30);
    };
    const answer = withDeadline(
      "r",
      10,
      () => registerUser(fixture.deps, ada),
      () => new AuthError("request.timeout"),
    );
    expect(await answer.catch((error: AuthError) => error.code)).toBe("request.timeout");
    while (!fixture.keycloak.calls.includes("delete_user")) await Bun.sleep(1);
    await fixture.background.drain();
    expect([fixture.keycloak.users.size, fixture.database.users.size]).toEqual([0, 0]);
  });
});

test("a user of another registration is never deleted for a create that got no answer", async () => {
  const { keycloak, deps } = fixture;
  await registerUser(deps, ada);
  keycloak.before = (operation) => {
    if (operation === "create_user") throw new AuthError("keycloak.timeout");
  };
  expect(await failure()).toMatchObject({ code: "keycloak.timeout", states: ["completed", "pending"], inKeycloak: 1 });
});

test("a commit whose answer was lost is kept: the user exists and the caller learns so", async () => {
  const { registrations } = fixture.deps;
  const complete = registrations.complete.bind(registrations);
  registrations.complete = async (...args) => {
    await complete(...args);
    throw new DatabaseUnavailableError();
  };
  const user = await registerUser(fixture.deps, ada);
  expect(fixture.keycloak.users.has(user.id)).toBe(true);
  expect(fixture.database.users.has(user.id)).toBe(true);
});

test("an undo that can't reach Keycloak leaves the row as undoing, for recovery", async () => {
  fixture.deps.registrations.complete = () => Promise.reject(new RefusedByTrigger());
  fixture.keycloak.before = (operation) => {
    if (operation === "delete_user") throw new AuthError("keycloak.unavailable");
  };
  expect(await failure()).toEqual({ code: "RefusedByTrigger", states: ["undoing"], inKeycloak: 1, local: 0 });
  expect(await fixture.registry.metrics()).toContain('registration_undo_total{outcome="left"} 1');
});

test("an unknown store is refused before Keycloak is called", async () => {
  const error = await registerUser(fixture.deps, { ...ada, storeId: "nowhere" }).catch((thrown: AuthError) => thrown);
  expect(error).toMatchObject({ code: "registration.store_unknown" });
  expect(fixture.keycloak.calls).toEqual([]);
});

test("a stale local row of a user that is gone from Keycloak gives its name free", async () => {
  const first = await registerUser(fixture.deps, ada);
  fixture.keycloak.removeUser(first.id);
  const second = await registerUser(fixture.deps, ada);
  expect(fixture.database.users.get(first.id)?.deletedAt).toBeInstanceOf(Date);
  expect(second.id).not.toBe(first.id);
});

test("a local holder of whom Keycloak says nothing keeps the name: conflict, and the new user is deleted", async () => {
  const { deps, database } = fixture;
  const first = await registerUser(deps, ada);
  fixture.keycloak.removeUser(first.id);
  deps.keycloak.getUsers = async () => [];
  expect(await failure()).toEqual({
    code: "registration.conflict",
    states: ["completed", "undone"],
    inKeycloak: 0,
    local: 1,
  });
  expect(database.users.get(first.id)?.deletedAt).toBeNull();
});
