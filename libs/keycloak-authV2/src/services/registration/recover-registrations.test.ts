import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseUnavailableError } from "@libs/database";
import { AuthError } from "@libs/problems";
import { REGISTRATION_MARK } from "../../ports/ports.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { registrationSweep } from "./recover-registrations.ts";
import { registerUser } from "./register-user.ts";

const ada = {
  username: "ada",
  email: "ada@example.com",
  password: "correct horse battery",
  firstName: "Ada",
  lastName: "Lovelace",
};
const hour = 3_600_000;

let fixture: SyncFixture;
beforeEach(() => {
  fixture = createSyncFixture();
});

/** Stops a registration for good at one point, as a kill does: nothing after it runs. */
async function killedAt(point: "before create" | "after create" | "after complete" | "before delete"): Promise<string> {
  const { deps, keycloak } = fixture;
  const never = () => new Promise<never>(() => {});
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const stop = () => {
    reach();
    return never();
  };
  const { complete } = deps.registrations;
  if (point === "before create") keycloak.before = (operation) => (operation === "create_user" ? stop() : undefined);
  if (point === "after create") keycloak.after = (operation) => (operation === "create_user" ? stop() : undefined);
  if (point === "before delete") {
    deps.registrations.complete = () => Promise.reject(new DatabaseUnavailableError());
    keycloak.before = (operation) => (operation === "delete_user" ? stop() : undefined);
  }
  if (point === "after complete")
    deps.registrations.complete = async (...args) => {
      await complete.apply(deps.registrations, args);
      return stop();
    };
  void registerUser(deps, ada);
  await reached;
  [keycloak.before, keycloak.after, deps.registrations.complete] = [undefined, undefined, complete];
  return [...fixture.database.registrations.keys()].at(-1) ?? "";
}

/** One sweep, after some time. @returns how many rows it handled */
async function sweepAfter(ms: number): Promise<number> {
  fixture.clock.now += ms;
  return await registrationSweep(fixture.deps).run();
}

const row = (id: string) => fixture.database.registrations.get(id);
const sides = () => ({ inKeycloak: fixture.keycloak.users.size, local: fixture.database.users.size });

describe("after a crash", () => {
  test("a row in normal flight is not touched", async () => {
    const id = await killedAt("after create");
    expect(await sweepAfter(19_999)).toBe(0);
    expect(row(id)).toMatchObject({ state: "pending", attempts: 0 });
    expect(await sweepAfter(1)).toBe(1);
    expect(row(id)).toMatchObject({ state: "undone" });
  });

  test("between create and commit: the Keycloak user is deleted", async () => {
    const id = await killedAt("after create");
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "undone" });
    expect(sides()).toEqual({ inKeycloak: 0, local: 0 });
    expect(await registerUser(fixture.deps, ada)).toMatchObject({ username: "ada" });
  });

  test("after the commit: nothing is due, the user stays", async () => {
    const id = await killedAt("after complete");
    expect(await sweepAfter(20_000)).toBe(0);
    expect(row(id)).toMatchObject({ state: "completed" });
    expect(sides()).toEqual({ inKeycloak: 1, local: 1 });
  });

  test("in the middle of the undo: it is finished", async () => {
    const id = await killedAt("before delete");
    expect(row(id)).toMatchObject({ state: "undoing" });
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "undone" });
    expect(sides()).toEqual({ inKeycloak: 0, local: 0 });
  });

  test("a user that was deleted already is undone all the same", async () => {
    const id = await killedAt("before delete");
    fixture.keycloak.users.clear();
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "undone" });
  });
});

describe("a create that may still land", () => {
  test("is looked for with back-off, then given up: failed", async () => {
    const id = await killedAt("before create");
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "pending", attempts: 1 });
    expect(await sweepAfter(999)).toBe(0);
    expect(await sweepAfter(1)).toBe(1);
    expect(await sweepAfter(1_999)).toBe(0);
    expect(await sweepAfter(1)).toBe(1);
    let checks = 0;
    while (row(id)?.state === "pending") checks += await sweepAfter(10_000);
    expect(fixture.clock.now - Date.parse("2030-01-01T00:00:00Z")).toBeGreaterThanOrEqual(360_000);
    expect(checks).toBeLessThan(20);
    expect(row(id)).toMatchObject({ state: "failed", lastError: "registration.not_created", nextAttemptAt: null });
  });

  test("is undone when it lands in that time", async () => {
    const id = await killedAt("before create");
    await sweepAfter(20_000);
    await land(id);
    await sweepAfter(30_000);
    expect(row(id)).toMatchObject({ state: "undone" });
    expect(sides().inKeycloak).toBe(0);
  });

  test("reopens an undone row when it lands a second time", async () => {
    const id = await killedAt("after create");
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "undone" });
    await land(id);
    await sweepAfter(340_000);
    expect(row(id)).toMatchObject({ state: "undone", nextAttemptAt: null });
    expect(sides().inKeycloak).toBe(0);
    expect(await sweepAfter(hour)).toBe(0);
  });

  test("somebody else's user of that name is never touched", async () => {
    await killedAt("before create");
    const user = await registerUser(fixture.deps, ada);
    for (let check = 0; check < 20; check++) await sweepAfter(30_000);
    expect([...fixture.keycloak.users.keys()]).toEqual([user.id]);
  });
});

/** The create of a registration takes effect in Keycloak now. */
async function land(id: string): Promise<void> {
  await fixture.keycloak.userRepository.createUser({
    ...ada,
    emailVerified: false,
    enabled: true,
    attributes: { [REGISTRATION_MARK]: [id] },
  });
}

describe("what can't be finished", () => {
  test("Keycloak away: tried again with back-off, the error is kept", async () => {
    const id = await killedAt("before delete");
    fixture.keycloak.before = () => {
      throw new AuthError("keycloak.unavailable");
    };
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "undoing", attempts: 1, lastError: "keycloak.unavailable" });
    await sweepAfter(1_000);
    expect(row(id)).toMatchObject({ state: "undoing", attempts: 2 });
    fixture.keycloak.before = undefined;
    await sweepAfter(30_000);
    expect(row(id)).toMatchObject({ state: "undone" });
  });

  test("the database away in the middle: the claim ends, and another check finishes it", async () => {
    const id = await killedAt("after create");
    const { finishUndo } = fixture.deps.registrations;
    fixture.deps.registrations.finishUndo = () => Promise.reject(new DatabaseUnavailableError());
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "undoing" });
    fixture.deps.registrations.finishUndo = finishUndo;
    await sweepAfter(30_000);
    expect(row(id)).toMatchObject({ state: "undone" });
  });

  test("a row over a day old is parked, and its user stays", async () => {
    const id = await killedAt("after create");
    await sweepAfter(24 * hour + 1);
    expect(row(id)).toMatchObject({ state: "pending", lastError: "registration.too_old" });
    expect(row(id)?.parkedAt).toBeInstanceOf(Date);
    expect(sides().inKeycloak).toBe(1);
    expect(await sweepAfter(hour)).toBe(0);
    await registrationSweep(fixture.deps).run();
    const metrics = await fixture.registry.metrics();
    expect(metrics).toContain('registrations_unfinished{state="parked"} 1');
    expect(metrics).toMatch(/registrations_oldest_unfinished_seconds 9\d{4}/);
  });

  test("a parked row is taken back on an operator's word, however old it is", async () => {
    const id = await killedAt("after create");
    await sweepAfter(24 * hour + 1);
    expect(await fixture.deps.registrations.retry(fixture.deps.now())).toEqual([id]);
    await sweepAfter(1);
    expect(row(id)).toMatchObject({ state: "undone", parkedAt: null });
    expect(sides()).toEqual({ inKeycloak: 0, local: 0 });
  });

  test("a user that is in use here is parked, not deleted", async () => {
    const id = await killedAt("after create");
    const [user] = fixture.keycloak.users.values();
    if (!user) throw new Error("no user");
    const { users, tickets, now } = fixture.deps;
    await users.applyProfiles([user], await tickets.next(), now(), { ignoreUnfinished: [user.id] });
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "pending", lastError: "registration.user_in_use" });
    expect(sides()).toEqual({ inKeycloak: 1, local: 1 });
  });

  test("a remembered user without the mark is parked, not deleted", async () => {
    const id = await killedAt("before delete");
    const [user] = fixture.keycloak.users.values();
    if (user) user.attributes = {};
    await sweepAfter(20_000);
    expect(row(id)).toMatchObject({ state: "undoing", lastError: "registration.mark_missing" });
    expect(sides().inKeycloak).toBe(1);
  });
});

test("two replicas never handle one row at once", async () => {
  await killedAt("after create");
  fixture.clock.now += 20_000;
  const handled = await Promise.all([1, 2, 3].map(() => registrationSweep(fixture.deps).run()));
  expect(handled.sort()).toEqual([0, 0, 1]);
  expect(fixture.keycloak.calls.filter((call) => call === "delete_user")).toHaveLength(1);
});

test("a process that comes to life again after its registration was undone does not complete it", async () => {
  const { deps, keycloak } = fixture;
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  keycloak.after = (operation) => (operation === "create_user" ? goOn : undefined);
  const slow = registerUser(deps, ada).catch((error: AuthError) => error.code);
  while (keycloak.users.size === 0) await Bun.sleep(1);
  await sweepAfter(20_000);
  resolve();
  expect(await slow).toBe("registration.undone");
  expect(sides()).toEqual({ inKeycloak: 0, local: 0 });
});
