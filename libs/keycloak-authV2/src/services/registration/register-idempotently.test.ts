import { beforeEach, expect, test } from "bun:test";
import { DatabaseUnavailableError } from "@libs/database";
import { AuthError, isAuthError } from "@libs/problems";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { registrationSweep } from "./recover-registrations.ts";
import { registerIdempotently } from "./register-idempotently.ts";

const ada = {
  username: "ada",
  email: "ada@example.com",
  password: "correct horse battery",
  firstName: "Ada",
  lastName: "Lovelace",
};

let fixture: SyncFixture;
beforeEach(() => {
  fixture = createSyncFixture();
});

const register = (change: Partial<typeof ada> = {}, key = "key-1") =>
  registerIdempotently(fixture.deps, { ...ada, ...change }, key);

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (isAuthError(error) ? error.code : String((error as Error).name)),
  );

const creates = () => fixture.keycloak.calls.filter((call) => call === "create_user").length;
const states = () => [...fixture.database.registrations.values()].map(({ state }) => state);

test("the same request gets the same user again, without a second registration", async () => {
  const user = await register();
  fixture.clock.now += 23 * 3_600_000;
  expect(await register()).toEqual(user);
  const reordered = Object.fromEntries(Object.entries(ada).reverse()) as typeof ada;
  expect(await registerIdempotently(fixture.deps, reordered, "key-1")).toEqual(user);
  expect([creates(), states()]).toEqual([1, ["completed"]]);
});

test("neither password nor anything that reveals it is kept", async () => {
  await register();
  const kept = JSON.stringify([
    ...fixture.database.idempotencyKeys.values(),
    ...fixture.database.registrations.values(),
  ]);
  expect(kept).not.toContain(ada.password);
  expect(kept).toContain("test:");
});

test("another request under the key is refused, a password alone makes it another", async () => {
  await register();
  expect(await codeOf(register({ password: "another long password" }))).toBe("idempotency.key_reused");
  expect(await codeOf(register({ username: "eve" }))).toBe("idempotency.key_reused");
  expect(creates()).toBe(1);
});

test("a key is free again when its time is over", async () => {
  await register();
  fixture.clock.now += 24 * 3_600_000;
  expect(await codeOf(register({ username: "eve", email: "eve@example.com" }))).toBe("done");
});

test("of parallel requests one registers, the others learn that it is in flight", async () => {
  const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(register())));
  expect(codes.sort()).toEqual(["done", ...Array.from({ length: 7 }, () => "idempotency.in_flight")]);
  expect([creates(), fixture.database.users.size]).toEqual([1, 1]);
});

test("a refusal is given again, with its fields, though the name is free by now", async () => {
  expect(await codeOf(register({ password: "short" }))).toBe("registration.password_rejected");
  fixture.keycloak.options.minPasswordLength = 3;
  expect(await codeOf(register({ password: "short" }))).toBe("registration.password_rejected");
  expect(creates()).toBe(1);
  await register({}, "key-2");
  expect(await codeOf(register({ email: "other@example.com" }, "key-3"))).toBe("registration.username_taken");
  fixture.keycloak.users.clear();
  expect(await codeOf(register({ email: "other@example.com" }, "key-3"))).toBe("registration.username_taken");
});

test("a failure of ours is not kept: the retry is a new attempt with a row and a mark of its own", async () => {
  fixture.keycloak.before = (operation) => {
    if (operation === "create_user") throw new AuthError("keycloak.unavailable");
  };
  expect(await codeOf(register())).toBe("keycloak.unavailable");
  await fixture.background.drain();
  fixture.keycloak.before = undefined;
  const user = await register();
  expect(states()).toEqual(["undoing", "completed"]);
  expect(await registrationSweep(fixture.deps).run()).toBe(1);
  expect(states()).toEqual(["undone", "completed"]);
  expect([...fixture.keycloak.users.keys()]).toEqual([user.id]);
});

/** A registration whose process dies at one of its calls: nothing after it runs. */
async function killedAt(point: "after create" | "after complete"): Promise<void> {
  const { deps, keycloak } = fixture;
  const { complete } = deps.registrations;
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const stop = () => {
    resolve();
    return new Promise<never>(() => {});
  };
  if (point === "after create") keycloak.after = (operation) => (operation === "create_user" ? stop() : undefined);
  else
    deps.registrations.complete = async (...args) => {
      await complete.apply(deps.registrations, args);
      return stop();
    };
  void register();
  await reached;
  keycloak.after = undefined;
  deps.registrations.complete = complete;
}

test("a crash after the commit: when the lock has ended, the retry gets the user", async () => {
  await killedAt("after complete");
  expect(await codeOf(register())).toBe("idempotency.in_flight");
  fixture.clock.now += 20_000;
  const user = await register();
  expect([...fixture.database.users.keys()]).toEqual([user.id]);
  expect(await register()).toMatchObject({ id: user.id, createdAt: user.createdAt });
  expect([creates(), states()]).toEqual([1, ["completed"]]);
});

test("a crash before the commit: the retry waits until the old attempt is taken back, then makes a new one", async () => {
  await killedAt("after create");
  fixture.clock.now += 20_000;
  expect(await codeOf(register())).toBe("registration.recovering");
  expect(states()).toEqual(["undoing", "failed"]);
  await registrationSweep(fixture.deps).run();
  const user = await register();
  expect([...fixture.keycloak.users.keys()]).toEqual([user.id]);
  expect(states()).toEqual(["undone", "failed", "completed"]);
});

test("a key that can't be written at the end changes no answer", async () => {
  fixture.deps.idempotency.keep = () => Promise.reject(new DatabaseUnavailableError());
  const user = await register();
  expect(fixture.database.users.has(user.id)).toBe(true);
});

test("with the database away nothing is begun", async () => {
  fixture.deps.idempotency.claim = () => Promise.reject(new DatabaseUnavailableError());
  expect(await codeOf(register())).toBe("DatabaseUnavailableError");
  expect(fixture.keycloak.calls).toEqual([]);
});
