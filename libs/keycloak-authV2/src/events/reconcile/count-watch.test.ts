import { beforeEach, describe, expect, test } from "bun:test";
import { type BulkFixture, createBulkFixture } from "../../testing/bulk-fixture.ts";
import { type CountState, newCountState } from "./count-state.ts";
import { CountWatch } from "./count-watch.ts";

let fixture: BulkFixture;
let watch: CountWatch;
let state: CountState;

beforeEach(async () => {
  fixture = createBulkFixture();
  watch = new CountWatch(fixture.deps);
  state = newCountState();
});

/** The time of the next reading has come. */
async function read() {
  while (!watch.isDue()) fixture.clock.now += 500;
  return await watch.read(state);
}

async function here(...ids: string[]): Promise<void> {
  const { deps, keycloak } = fixture;
  const profiles = ids.map((id) => ({ ...(keycloak.users.get(id) ?? fixture.addUser(id, 1)) }));
  await deps.users.applyProfiles(
    profiles.map(({ id, username, email, firstName, lastName, emailVerified, enabled }) => ({
      id,
      username,
      email,
      firstName,
      lastName,
      emailVerified,
      enabled,
    })),
    await deps.tickets.next(),
    deps.now(),
  );
}

const missing = { live: 1, enabled: 1, emailVerified: 1 };

describe("counting both sides", () => {
  test("where they agree, every 5 seconds; our own service account is nobody", async () => {
    await here("a", "b");
    const before = fixture.clock.now;
    expect(await read()).toBeNull();
    expect(await read()).toBeNull();
    expect(fixture.clock.now - before).toBe(5_000);
    expect(state).toMatchObject({ keycloak: { live: 2 }, local: { live: 2 } });
  });

  test("a difference counts once it has lasted two readings, a second and a half apart", async () => {
    await here("a");
    await read();
    fixture.addUser("b", 1);
    expect(await read()).toBeNull();
    const first = fixture.clock.now;
    expect(await read()).toEqual(missing);
    expect(fixture.clock.now - first).toBe(1_500);
  });

  test("one that has gone by the second reading was a change on its way", async () => {
    await here("a");
    fixture.addUser("b", 1);
    expect(await read()).toBeNull();
    await here("b");
    expect(await read()).toBeNull();
    fixture.addUser("c", 1);
    expect(await read()).toBeNull();
  });

  test("users who are being registered all the time are none", async () => {
    await here("a");
    for (let n = 0; n < 6; n += 1) {
      fixture.addUser(`new-${n}`, 1);
      expect(await read()).toBeNull();
      await here(`new-${n}`);
    }
  });

  test("a disabled user and one whose email was verified are seen, though all are as many", async () => {
    await here("a", "b");
    Object.assign(fixture.keycloak.users.get("a") ?? {}, { enabled: false });
    await read();
    expect(await read()).toEqual({ live: 0, enabled: -1, emailVerified: 0 });
  });

  test("while Keycloak is away nothing is said, and it is asked less often", async () => {
    await here("a");
    fixture.keycloak.before = () => {
      throw new Error("away");
    };
    const before = fixture.clock.now;
    expect(watch.read(state)).rejects.toThrow("away");
    fixture.keycloak.before = undefined;
    fixture.addUser("b", 1);
    expect(await read()).toBeNull();
    expect(fixture.clock.now - before).toBe(30_000);
  });
});

describe("a difference that a reconciliation has not removed", () => {
  test("is explained where nobody was found who differs, and starts nothing then; another one does", async () => {
    await here("a");
    fixture.addUser("parked", 1);
    await read();
    await watch.settle(state, (await read()) ?? missing, 0, fixture.clock.now);
    expect(state.explained).toEqual(missing);
    expect(await read()).toBeNull();
    fixture.addUser("b", 1);
    expect(await read()).toBeNull();
    expect(await read()).toEqual(missing);
    fixture.keycloak.users.delete("b");
    fixture.keycloak.users.delete("parked");
    expect(await read()).toBeNull();
    expect(await read()).toEqual({ live: -1, enabled: -1, emailVerified: -1 });
  });

  test("is not where it changed meanwhile: somebody may have changed behind the reconciliation", async () => {
    await here("a");
    fixture.addUser("b", 1);
    await read();
    const before = (await read()) ?? missing;
    fixture.addUser("c", 1);
    await watch.settle(state, before, 0, fixture.clock.now);
    expect(state.explained).toEqual({ live: 0, enabled: 0, emailVerified: 0 });
  });

  test("is not while those who were found are being handled, unless it survives that", async () => {
    await here("a");
    fixture.addUser("b", 1);
    await watch.settle(state, missing, 1, fixture.clock.now);
    expect(state.explained.live).toBe(0);
    await watch.settle(state, missing, 1, fixture.clock.now);
    expect(state.explained).toEqual(missing);
  });

  test("is not where a new one of the same size came when the last one was mended", async () => {
    await here("a");
    fixture.addUser("b", 1);
    const other = { live: 2, enabled: 1, emailVerified: 1 };
    await watch.settle(state, other, 1, fixture.clock.now);
    await watch.settle(state, missing, 1, fixture.clock.now);
    expect(state.explained.live).toBe(0);
    await watch.settle(state, missing, 1, fixture.clock.now);
    expect(state.explained).toEqual(missing);
  });
});
