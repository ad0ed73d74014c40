import { describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { AuthError } from "@libs/problems";
import { reconcileUsers } from "../services/reconcile/reconcile-users.ts";
import { newUser } from "../testing/contracts/keycloak-realm-under-test.ts";
import { createFeedFixture } from "../testing/feed-fixture.ts";
import { adminEventStream, userEventStream } from "./event-stream.ts";
import { FeedLeader } from "./feed/feed-leader.ts";
import { createFeedMetrics } from "./feed-metrics.ts";
import { KeycloakClock } from "./keycloak-clock.ts";
import { EventReader } from "./read-events.ts";

const MINUTE = 60_000;

/** Readers of several replicas over one database and one Keycloak. */
function setUp() {
  const fixture = createFeedFixture();
  const { feedDeps, keycloak, clock, registry } = fixture;
  const losses: string[] = [];
  let monotonic = 0;
  const replica = () => {
    const leader = new FeedLeader(feedDeps.leases, () => monotonic);
    const reader = new EventReader({
      ...feedDeps,
      streams: [userEventStream(feedDeps), adminEventStream(feedDeps)],
      feedMetrics: createFeedMetrics(registry),
      leader,
      clock: new KeycloakClock(keycloak.eventSource, feedDeps.now),
      onLoss: async (reason) => void losses.push(reason),
      pollIntervalMs: 750,
    });
    return { leader, reader, ...reader.sweep() };
  };
  const pass = (ms: number) => {
    clock.now += ms;
    monotonic += ms;
  };
  const edited = (userId: string, at = new Date(clock.now)) =>
    keycloak.eventSource.recordAdminEvent({
      operation: "CREATE",
      resourceType: "GROUP_MEMBERSHIP",
      byUserId: "admin",
      at,
      resourcePath: `users/${userId}/groups/g1`,
    });
  const subjects = () => fixture.notices().map(({ kind, subject }) => `${kind} ${subject}`);
  return { ...fixture, losses, replica, pass, edited, subjects };
}

describe("EventReader", () => {
  test("begins with now, and records each event once", async () => {
    const { replica, pass, edited, subjects, deps, clock, woken } = setUp();
    edited("long-ago", new Date(clock.now - 60 * MINUTE));
    const one = replica();
    await one.run();
    expect(subjects()).toEqual([]);
    pass(750);
    edited("u1");
    await one.run();
    expect(subjects()).toEqual(["user u1"]);
    expect(woken).toContain("notices");
    const handled = await deps.feed.claimDue(deps.now(), new Date(clock.now + MINUTE), 10);
    await deps.feed.complete(handled, deps.now());
    for (let i = 0; i < 5; i++) {
      pass(750);
      await one.run();
    }
    expect(subjects()).toEqual([]);
  });

  test("an event that is committed late, with its earlier time, is not missed", async () => {
    const { replica, pass, edited, subjects, clock } = setUp();
    const one = replica();
    await one.run();
    for (let i = 0; i < 6; i++) {
      pass(1_000);
      await one.run();
    }
    edited("late", new Date(clock.now - 5_000));
    await one.run();
    expect(subjects()).toEqual(["user late"]);
  });

  test("one reads at a time; when it dies, another goes on where it was, and repeats nothing", async () => {
    const { replica, pass, edited, subjects, deps, clock } = setUp();
    const [one, two] = [replica(), replica()];
    await one.run();
    await two.run();
    expect([one.leader.leads, two.leader.leads]).toEqual([true, false]);
    pass(1_000);
    edited("u1");
    await one.run();
    const handled = await deps.feed.claimDue(deps.now(), new Date(clock.now + MINUTE), 10);
    await deps.feed.complete(handled, deps.now());
    edited("u2");
    // The first is gone.
    pass(6_000);
    await two.run();
    expect([one.leader.leads, two.leader.leads]).toEqual([false, true]);
    expect(subjects()).toEqual(["user u2"]);
    // It was only asleep: it writes nothing, and leads no more.
    await one.run();
    expect([one.leader.leads, two.leader.leads]).toEqual([false, true]);
  });

  test("a stop gives the lease back, so that another reads at once", async () => {
    const { replica } = setUp();
    const [one, two] = [replica(), replica()];
    await one.run();
    await one.close?.();
    await two.run();
    expect(two.leader.leads).toBeTrue();
  });

  test("with Keycloak away the position stays, and all is read afterwards", async () => {
    const { replica, pass, edited, subjects, keycloak } = setUp();
    const one = replica();
    await one.run();
    keycloak.before = () => {
      throw new AuthError("keycloak.unavailable");
    };
    pass(2 * MINUTE);
    edited("u1");
    pass(2 * MINUTE);
    expect(await one.run().catch((error) => error.code)).toBe("keycloak.unavailable");
    expect(one.reader.failure).toBe("keycloak.unavailable");
    keycloak.before = undefined;
    await one.run();
    expect(subjects()).toEqual(["user u1"]);
    expect(one.reader.failure).toBeNull();
  });

  test("more events than a page", async () => {
    const { replica, pass, edited, subjects, clock } = setUp();
    const one = replica();
    await one.run();
    pass(1_000);
    for (let i = 0; i < 1_700; i++) edited(`u${i}`, new Date(clock.now + Math.floor(i / 7)));
    pass(1_000);
    await one.run();
    expect(new Set(subjects()).size).toBe(1_700);
  });

  test("events that went before they were read are noticed; those that went after are not missed", async () => {
    const { replica, pass, edited, losses, keycloak } = setUp();
    const { adminEvents } = keycloak.eventSource;
    const one = replica();
    await one.run();
    pass(1_000);
    edited("u1");
    await one.run();
    pass(20 * MINUTE);
    await one.run();
    expect(losses).toEqual([]);
    pass(MINUTE);
    edited("u2");
    await one.run();
    pass(20 * MINUTE);
    adminEvents.splice(0, 2);
    await one.run();
    expect(losses).toEqual(["admin_events deleted before they were read"]);
    pass(1_000);
    await one.run();
    expect(losses).toHaveLength(1);
  });

  test("without any event to go by, the realm's own retention decides", async () => {
    const { replica, pass, losses, keycloak } = setUp();
    const one = replica();
    await one.run();
    pass(12 * MINUTE);
    await one.run();
    expect(losses).toEqual([]);
    keycloak.eventSource.config.userEventsKeptMs = 30 * MINUTE;
    pass(31 * MINUTE);
    await one.run();
    expect(losses).toEqual(["user_events deleted before they were read"]);
  });

  test("a sign-out of the whole realm checks every user with a live session", async () => {
    const { replica, pass, subjects, keycloak, database } = setUp();
    const one = replica();
    await one.run();
    const user = { id: "u1", deletedAt: null } as never;
    database.users.set("u1", user);
    database.sessions.set("s1", { userId: "u1", endedAt: null } as never);
    pass(1_000);
    const event = { operation: "ACTION", resourceType: "REALM", resourcePath: "logout-all", byUserId: "admin" };
    keycloak.eventSource.recordAdminEvent(event);
    await one.run();
    expect(subjects()).toEqual(["sessions u1"]);
  });
});

describe("what the path does not say", () => {
  const by = { byUserId: "admin" };

  test("a new member of an organization is found by name", async () => {
    const { replica, deps, keycloak, pass, subjects, clock, handle } = setUp();
    const id = await deps.keycloak.createUser(newUser());
    await reconcileUsers(deps, [id]);
    const username = keycloak.users.get(id)?.username ?? "";
    const one = replica();
    await one.run();
    pass(60_000);
    await handle();
    expect(subjects()).toEqual([]);
    const membership = { resourceType: "ORGANIZATION_MEMBERSHIP", resourcePath: "organizations/o1/members", ...by };
    const at = new Date(clock.now);
    keycloak.eventSource.recordAdminEvent({ operation: "CREATE", ...membership, details: { username }, at });
    keycloak.eventSource.recordAdminEvent({
      operation: "CREATE",
      ...membership,
      details: { username: "stranger" },
      at,
    });
    await one.run();
    expect(subjects()).toEqual([`user ${id}`]);
  });

  test("a change of many counts once somebody reads, not from before", async () => {
    const { replica, keycloak, pass, subjects } = setUp();
    const realm = { operation: "UPDATE", resourceType: "REALM", resourcePath: "", ...by };
    keycloak.eventSource.recordAdminEvent(realm);
    pass(2_000);
    const one = replica();
    await one.run();
    expect(subjects()).toEqual([]);
    pass(750);
    keycloak.eventSource.recordAdminEvent(realm);
    await one.run();
    expect(subjects()).toEqual(["every_user realm", "not_before realm"]);
  });
});

describe("own writes", () => {
  test("a completed registration's event is no notice; one that is not completed is reconciled a little later", async () => {
    const { replica, pass, notices, keycloak, deps, clock } = setUp();
    const one = replica();
    await one.run();
    const local = { storeId: null, organizationId: null, metadata: {} };
    const begin = async (id: string) => {
      const person = newUser();
      await deps.registrations.begin({
        id,
        username: person.username,
        email: person.email,
        idempotencyKey: null,
        now: deps.now(),
        profile: { firstName: "A", lastName: "B", emailVerified: false, enabled: true, ...local },
        recoverAt: new Date(clock.now + MINUTE),
        lostUntil: new Date(clock.now + MINUTE),
      });
      return keycloak.userRepository.createUser({ ...person, attributes: { registrationId: [id] } });
    };
    const completed = randomUUID();
    const userId = await begin(completed);
    const profile = { id: userId, username: "ada", email: null, firstName: null, lastName: null };
    await deps.registrations.complete(completed, { ...profile, emailVerified: false, enabled: true }, deps.now());
    const unfinished = await begin(randomUUID());
    pass(500);
    await one.run();
    expect(notices()).toMatchObject([
      { kind: "user", subject: unfinished, nextAttemptAt: new Date(clock.now + 3_000) },
    ]);
  });

  test("deleting a user that has no live row here is no notice", async () => {
    const { replica, pass, notices, keycloak } = setUp();
    const one = replica();
    await one.run();
    const id = await keycloak.userRepository.createUser(newUser());
    pass(500);
    await one.run();
    keycloak.eventSource.adminEvents.length = 0;
    const before = notices().length;
    await keycloak.userRepository.deleteUser(id);
    const mine = keycloak.eventSource.adminEvents.filter(({ operation }) => operation === "DELETE");
    expect(mine).toHaveLength(1);
    pass(500);
    await one.run();
    expect(notices()).toHaveLength(before);
    expect(notices()[0]?.version).toBe(1n);
  });
});
