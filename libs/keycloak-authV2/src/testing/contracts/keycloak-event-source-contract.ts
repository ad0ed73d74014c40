import { describe, expect, test } from "bun:test";
import type { EventPage, KeycloakEventSource } from "../../ports/ports.ts";
import { type KeycloakRealmUnderTest, newUser } from "./keycloak-realm-under-test.ts";

export interface EventSourceUnderTest extends KeycloakRealmUnderTest {
  events: KeycloakEventSource;
}

/** Wide enough for a Keycloak whose clock is a little off. */
const MARGIN_MS = 5_000;

/** What every {@link KeycloakEventSource} does. @param realm gives the realm to run on, once it is up */
export function keycloakEventSourceContract(name: string, realm: () => Promise<EventSourceUnderTest>): void {
  const since = (from: number, changes: Partial<EventPage> = {}): EventPage => ({
    from: new Date(from - MARGIN_MS),
    to: new Date(Date.now() + MARGIN_MS),
    first: 0,
    max: 500,
    ...changes,
  });

  describe(`${name}: events`, () => {
    test("a login and a logout are reported with user and session, and can be asked for by type", async () => {
      const { users, tokens, events } = await realm();
      const from = Date.now();
      const user = newUser();
      const userId = await users.createUser(user);
      const set = await tokens.passwordGrant({ username: user.username, password: user.password });
      await tokens.logout(set.refresh_token);
      const mine = (await events.listUserEvents(since(from))).filter((event) => event.userId === userId);
      expect(mine.map(({ type }) => type)).toEqual(["LOGIN", "LOGOUT"]);
      for (const event of mine) {
        expect(event).toMatchObject({ sessionId: set.session_state, clientId: expect.any(String) });
        expect(Math.abs(event.at.getTime() - from)).toBeLessThan(10_000);
      }
      expect(new Set(mine.map(({ id }) => id)).size).toBe(2);
      const logouts = await events.listUserEvents(since(from, { types: ["LOGOUT", "UPDATE_PROFILE"] }));
      expect(new Set(logouts.map(({ type }) => type))).toEqual(new Set(["LOGOUT"]));
      expect(logouts.map(({ userId }) => userId)).toContain(userId);
    });

    test("what our service account does is reported as its own", async () => {
      const { users, tokens, events } = await realm();
      const from = Date.now();
      const user = newUser();
      const id = await users.createUser(user);
      const { session_state: sid } = await tokens.passwordGrant(user);
      await users.updateUser(id, { firstName: "Augusta" });
      await users.deleteSession(sid);
      await users.deleteUser(id);
      const byUserId = await events.serviceAccountId();
      const all = await events.listAdminEvents(since(from));
      const mine = all.filter(
        ({ resourcePath }) => resourcePath === `users/${id}` || resourcePath === `sessions/${sid}`,
      );
      const shared = { byUserId, id: expect.any(String), at: expect.any(Date), details: {} };
      const [resourcePath, session] = [`users/${id}`, `sessions/${sid}`];
      expect(mine).toEqual([
        { ...shared, operation: "CREATE", resourceType: "USER", resourcePath },
        { ...shared, operation: "UPDATE", resourceType: "USER", resourcePath },
        { ...shared, operation: "DELETE", resourceType: "USER_SESSION", resourcePath: session },
        { ...shared, operation: "DELETE", resourceType: "USER", resourcePath },
      ]);
    });

    test("pages ascend in time, join without a gap, and end with a short one; both bounds are inclusive", async () => {
      const { users, events } = await realm();
      const from = Date.now();
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.push(await users.createUser(newUser()));
      const page = since(from);
      const all = await events.listAdminEvents(page);
      const times = all.map(({ at }) => at.getTime());
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      const joined = [];
      for (let first = 0; first < all.length + 2; first += 2) {
        joined.push(...(await events.listAdminEvents({ ...page, first, max: 2 })));
      }
      expect(new Set(joined.map(({ id }) => id))).toEqual(new Set(all.map(({ id }) => id)));
      const created = all.find(({ resourcePath }) => resourcePath === `users/${ids[2]}`);
      const at = created?.at ?? new Date(0);
      const exact = await events.listAdminEvents({ ...page, from: at, to: at });
      expect(exact.map(({ id }) => id)).toContain(created?.id ?? "");
      const before = new Date(at.getTime() - 1);
      const earlier = await events.listAdminEvents({ ...page, to: before });
      expect(earlier.map(({ id }) => id)).not.toContain(created?.id ?? "");
      expect(await events.listAdminEvents({ ...page, first: all.length + 10 })).toEqual([]);
    });

    test("what the realm stores is reported", async () => {
      const { events } = await realm();
      const config = await events.readEventsConfig();
      expect(config).toMatchObject({ userEventsEnabled: true, adminEventsEnabled: true });
      expect(config.storedTypes).toEqual(expect.arrayContaining(["LOGIN", "LOGOUT", "UPDATE_PROFILE"]));
      expect(config.userEventsKeptMs).toBe(7 * 24 * 3_600_000);
    });

    test("our service account is among a batch of users, and in no list of them", async () => {
      const { users, events } = await realm();
      const [own, id] = [await events.serviceAccountId(), await users.createUser(newUser())];
      const read = await users.getUsers([id, own, "3f0e6f0c-0000-4000-8000-000000000000"]);
      expect(read.map((user) => user.id).toSorted()).toEqual([id, own].toSorted());
      expect((await users.getUser(own))?.id).toBe(own);
      expect((await users.searchUsers({ max: 1_000 })).map((user) => user.id)).not.toContain(own);
    });

    test("the clock of this machine agrees with itself", async () => {
      const { events } = await realm();
      const { skewMs, uncertaintyMs } = await events.clockSkew();
      expect(uncertaintyMs).toBeWithin(1, 3_000);
      expect(Math.abs(skewMs)).toBeLessThanOrEqual(uncertaintyMs + 1);
    });
  });
}
