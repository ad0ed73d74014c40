import { describe, expect, test } from "bun:test";
import type { DomainEvent } from "../../ports/domain-event.ts";
import { keycloakFields } from "../../ports/profile-change.ts";
import type { KeycloakProfile } from "../../ports/user-repository.ts";
import {
  type ContractSubject,
  fresh,
  LATER,
  LATEST,
  loginOf,
  type MakeSubject,
  NOW,
  profileOf,
} from "./contract-subject.ts";

/** What every DomainEventRepository does, and which events the other repositories write. */
export function domainEventRepositoryContract(name: string, makeSubject: MakeSubject): void {
  const subscribed = async () => {
    const subject = await makeSubject();
    const subscriber = fresh("subscriber");
    await subject.domainEvents.subscribe({ name: subscriber, types: [] }, NOW);
    const apply = async (profiles: KeycloakProfile[], now = LATER) =>
      subject.users.applyProfiles(profiles, await subject.tickets.next(), now);
    const dispose = async () => void (await subject.domainEvents.unsubscribe(subscriber));
    return { ...subject, subscriber, apply, [Symbol.asyncDispose]: dispose };
  };
  /** Takes all, and gives those of some users. */
  const take = async ({ domainEvents }: ContractSubject, ...userIds: string[]) => {
    const taken: DomainEvent[] = [];
    while ((await domainEvents.dispatch(100, async (events) => void taken.push(...events))) > 0);
    return taken.filter(({ userId }) => userIds.includes(userId));
  };

  describe(`${name}: domain events`, () => {
    test("of a login that brings a new user, of the next, of a logout", async () => {
      await using subject = await subscribed();
      const { sessions } = subject;
      const first = loginOf();
      const { profile } = first;
      const second = loginOf({ profile: { ...profile, firstName: "Ignored" }, now: LATER });
      await sessions.recordLogin(first);
      await sessions.recordLogin(second);
      const { sessionId, ipAddress, userAgent } = first.session;
      await sessions.end(sessionId, "logout", LATEST);
      const started = { sessionId, ipAddress, userAgent };
      expect(await take(subject, profile.id)).toEqual([
        {
          type: "user.registered",
          userId: profile.id,
          version: 1n,
          at: NOW,
          payload: { ...keycloakFields(profile), via: "login" },
        },
        { type: "session.started", userId: profile.id, version: 2n, at: NOW, payload: started },
        {
          type: "session.started",
          userId: profile.id,
          version: 3n,
          at: LATER,
          payload: { ...started, sessionId: second.session.sessionId },
        },
        {
          type: "session.ended",
          userId: profile.id,
          version: 4n,
          at: LATEST,
          payload: { sessionId, reason: "logout" },
        },
      ]);
    });

    test("of what a read of Keycloak brought: one for each change, two when a disabled user changed too", async () => {
      await using subject = await subscribed();
      const { users, apply } = subject;
      const profile = profileOf();
      const { id } = profile;
      const renamed = { ...profile, firstName: "Grace", email: null };
      const disabled = { ...renamed, lastName: "Hopper", enabled: false };
      for (const state of [profile, profile, renamed, disabled, { ...disabled, enabled: true }]) await apply([state]);
      await apply([{ ...disabled, enabled: false }]);
      await users.markDeleted(id, LATEST);
      await users.markDeleted(id, LATEST);
      await apply([profile], LATEST);
      const payload = (state: KeycloakProfile, rest = {}) => ({ ...keycloakFields(state), ...rest });
      const events = await take(subject, id);
      expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => BigInt(index + 1)));
      expect(events.map(({ type, payload }) => [type, payload] as unknown)).toEqual([
        ["user.registered", payload(profile, { via: "keycloak" })],
        ["user.updated", payload(renamed, { changed: ["email", "firstName"] })],
        ["user.updated", payload(disabled, { changed: ["lastName"] })],
        ["user.disabled", payload(disabled)],
        ["user.updated", payload({ ...disabled, enabled: true }, { changed: ["enabled"] })],
        ["user.disabled", payload(disabled)],
        ["user.deleted", {}],
        ["user.registered", payload(profile, { via: "keycloak" })],
      ]);
      expect(events.map(({ at }) => at)).toEqual([...Array(6).fill(LATER), LATEST, LATEST]);
    });

    test("of a registration, of a login that revives, and nothing of what is refused or stale", async () => {
      await using subject = await subscribed();
      const { users, sessions, registrations, tickets, apply } = subject;
      const profile = profileOf({ email: `${fresh("mail")}@example.test` });
      const [id, early] = [crypto.randomUUID(), await tickets.next()];
      const local = { storeId: null, organizationId: null, metadata: {} };
      await registrations.begin({
        id,
        username: profile.username,
        email: profile.email as string,
        idempotencyKey: null,
        now: NOW,
        profile: { firstName: "A", lastName: "B", emailVerified: false, enabled: true, ...local },
        recoverAt: LATER,
        lostUntil: LATER,
      });
      const other = profileOf();
      expect(await apply([{ ...other, username: profile.username }])).toMatchObject([{ outcome: "unfinished" }]);
      await registrations.complete(id, profile, NOW);
      await registrations.complete(id, profile, NOW);
      expect(await apply([{ ...other, username: profile.username }])).toMatchObject([{ outcome: "collision" }]);
      await users.markDeleted(profile.id, NOW, await tickets.next());
      await users.applyProfiles([{ ...profile, firstName: "Old" }], early, LATER);
      await sessions.recordLogin(loginOf({ profile, now: LATER }));
      const events = await take(subject, profile.id, other.id);
      expect(events.map(({ userId, version, type }) => [userId, version, type] as unknown)).toEqual([
        [profile.id, 1n, "user.registered"],
        [profile.id, 2n, "user.deleted"],
        [profile.id, 3n, "user.registered"],
        [profile.id, 4n, "session.started"],
      ]);
      expect(events[0]?.payload).toEqual({ ...keycloakFields(profile), via: "registration" });
      expect(events[2]?.payload).toEqual({ ...keycloakFields(profile), via: "login" });
    });

    test("of several sessions that end at once, numbered without gaps for each user", async () => {
      await using subject = await subscribed();
      const { sessions } = subject;
      const people = [profileOf(), profileOf()];
      const sids: string[] = [];
      for (const profile of [...people, ...people, ...people]) {
        const { session } = await sessions.recordLogin(loginOf({ profile }));
        sids.push(session.keycloakSessionId);
      }
      await sessions.endLive({ keycloakSessionIds: sids }, "ended_in_keycloak", LATER);
      const events = await take(subject, ...people.map(({ id }) => id));
      for (const { id } of people) {
        const own = events.filter(({ userId }) => userId === id);
        expect(own.map(({ version }) => version)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n]);
        expect(own.slice(4).every(({ type }) => type === "session.ended")).toBe(true);
      }
    });

    test("writers at the same time leave each user's events in order and without gaps", async () => {
      await using subject = await subscribed();
      const { sessions, apply } = subject;
      const people = Array.from({ length: 4 }, () => profileOf());
      const login = async (profile: KeycloakProfile) => {
        const { session } = await sessions.recordLogin(loginOf({ profile }));
        await sessions.end(session.sessionId, "logout", LATER);
      };
      const rename = (round: number) => apply(people.map((profile) => ({ ...profile, firstName: `Name ${round}` })));
      await apply(people);
      await Promise.all([1, 2, 3, 4].flatMap((round) => [rename(round), ...people.map(login)]));
      const events = await take(subject, ...people.map(({ id }) => id));
      for (const { id } of people) {
        const own = events.filter(({ userId }) => userId === id);
        expect(own.map(({ version }) => version)).toEqual(own.map((_, index) => BigInt(index + 1)));
        expect(own.filter(({ type }) => type.startsWith("session"))).toHaveLength(8);
      }
    });

    test("nobody subscribes: nothing is written, and versions stand still", async () => {
      const subject = await makeSubject();
      for (const { name: other } of await subject.domainEvents.listSubscriptions())
        await subject.domainEvents.unsubscribe(other);
      const login = loginOf();
      await take(subject);
      await subject.sessions.recordLogin(login);
      await subject.sessions.end(login.session.sessionId, "logout", LATER);
      expect(await subject.domainEvents.countWaiting()).toEqual({ count: 0, oldestAt: null });
      await subject.domainEvents.subscribe({ name: "late", types: [] }, LATER);
      await subject.users.markDeleted(login.profile.id, LATER);
      expect(await take(subject, login.profile.id)).toMatchObject([{ type: "user.deleted", version: 1n }]);
      await subject.domainEvents.unsubscribe("late");
    });
  });

  describe(`${name}: DomainEventRepository`, () => {
    test("subscriptions are listed, changed and removed", async () => {
      const { domainEvents } = await makeSubject();
      const subscriber = fresh("subscriber");
      const listed = async () => (await domainEvents.listSubscriptions()).filter((one) => one.name === subscriber);
      await domainEvents.subscribe({ name: subscriber, types: ["user.deleted", "user.disabled"] }, NOW);
      expect(await listed()).toEqual([{ name: subscriber, types: ["user.deleted", "user.disabled"] }]);
      await domainEvents.subscribe({ name: subscriber, types: [] }, LATER);
      expect(await listed()).toEqual([{ name: subscriber, types: [] }]);
      expect(await domainEvents.unsubscribe(subscriber)).toBe(true);
      expect(await domainEvents.unsubscribe(subscriber)).toBe(false);
      expect(await listed()).toEqual([]);
    });

    test("hands events on in order, up to the limit, with who subscribes; what fails is handed on again", async () => {
      await using subject = await subscribed();
      const { domainEvents, users, apply, subscriber } = subject;
      await take(subject);
      const people = [profileOf(), profileOf(), profileOf()];
      await apply(people, NOW);
      await users.markDeleted(people[0]?.id as string, LATER);
      expect(await domainEvents.countWaiting()).toEqual({ count: 4, oldestAt: NOW });
      await expect(domainEvents.dispatch(3, () => Promise.reject(new Error("no queue")))).rejects.toThrow("no queue");
      expect(await domainEvents.countWaiting()).toMatchObject({ count: 4 });
      const handed: [number, boolean][] = [];
      const hand = async (events: DomainEvent[], subscriptions: { name: string }[]) =>
        void handed.push([events.length, subscriptions.some((one) => one.name === subscriber)]);
      expect(await domainEvents.dispatch(3, hand)).toBe(3);
      expect(await domainEvents.dispatch(3, hand)).toBe(1);
      expect(await domainEvents.dispatch(3, hand)).toBe(0);
      expect(handed).toEqual([
        [3, true],
        [1, true],
      ]);
    });

    test("while one hands on, others do nothing", async () => {
      await using subject = await subscribed();
      const { domainEvents, apply } = subject;
      await take(subject);
      await apply([profileOf()]);
      const { promise, resolve } = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const first = domainEvents.dispatch(10, () => {
        reached.resolve();
        return promise;
      });
      await reached.promise;
      expect(await domainEvents.dispatch(10, () => Promise.reject(new Error("not reached")))).toBe(0);
      resolve();
      expect(await first).toBe(1);
    });
  });
}
