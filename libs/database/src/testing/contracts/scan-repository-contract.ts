import { describe, expect, test } from "bun:test";
import { fresh, LATER, loginOf, type MakeSubject, NOW, profileOf, writeUser } from "./contract-subject.ts";

/** What every WalkRepository does. Tests share the tables, so each looks at its own users only. */
export function walkRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: WalkRepository`, () => {
    test("a run is gone on with until it has finished, whether it was stopped or died", async () => {
      const { walks, leases } = await makeSubject();
      const lease = { name: fresh("walk"), fence: 0n };
      lease.fence = (await leases.take(lease.name, "me", 60_000)) as bigint;
      const run = await walks.begin({ through: 0 }, { walked: 0 }, LATER);
      expect(await walks.findUnfinished()).toEqual(run);
      const page = { runId: run.id, seen: ["a"], position: { through: 7 }, counts: { walked: 1 }, now: LATER, lease };
      expect(await walks.finishPage(page)).toBe(true);
      await walks.end(run.id, "cancelled", null, LATER);
      const moved = { ...run, position: { through: 7 }, counts: { walked: 1 } };
      expect(await walks.findUnfinished()).toEqual({ ...moved, state: "cancelled" });
      await walks.resume(run.id, LATER);
      expect(await walks.findUnfinished()).toEqual(moved);
      await walks.end(run.id, "finished", null, LATER);
      expect(await walks.findUnfinished()).toBeNull();
    });

    test("a page is refused once somebody else has the lease", async () => {
      const { walks, leases } = await makeSubject();
      const lease = { name: fresh("walk"), fence: 0n };
      lease.fence = (await leases.take(lease.name, "me", 60_000)) as bigint;
      await leases.release(lease.name, "me");
      await leases.take(lease.name, "another", 60_000);
      const run = await walks.begin({ through: 0 }, {}, NOW);
      const seen = [fresh("id")];
      expect(await walks.finishPage({ runId: run.id, seen, position: 1, counts: {}, now: NOW, lease })).toBe(false);
      await walks.end(run.id, "finished", null, NOW);
    });

    test("live users that a run has not seen, in the order of their ids", async () => {
      const subject = await makeSubject();
      const { walks, users } = subject;
      const prefix = fresh("walk-user");
      const ids = ["a", "b", "c", "d"].map((letter) => `${prefix}-${letter}`) as [string, string, string, string];
      for (const id of ids) await writeUser(subject, profileOf({ id, username: id }), NOW);
      await users.markDeleted(ids[3], NOW);
      const runId = crypto.randomUUID();
      const before = await walks.countUnseen(runId);
      await walks.markSeen(runId, [ids[1]]);
      await walks.markSeen(runId, [ids[1]]);
      expect(await walks.countUnseen(runId)).toEqual({ ...before, unseen: before.unseen - 1 });
      const unseen = await walks.listUnseen(runId, prefix, 2);
      expect(unseen).toEqual([ids[0], ids[2]].map((id) => ({ id, username: id })));
      expect((await walks.listUnseen(runId, ids[0], 1)).map(({ id }) => id)).toEqual([ids[2]]);
      await walks.forgetSeen(runId);
      expect(await walks.countUnseen(runId)).toEqual({ ...before, unseen: before.unseen - 1 });
      await walks.forgetSeen(crypto.randomUUID());
      expect(await walks.countUnseen(runId)).toEqual(before);
      await walks.markSeen(runId, [ids[1]]);
      await walks.forgetSeenBy(crypto.randomUUID());
      expect(await walks.countUnseen(runId)).toEqual({ ...before, unseen: before.unseen - 1 });
      await walks.forgetSeenBy(runId);
      expect(await walks.countUnseen(runId)).toEqual(before);
      await walks.markSeen(runId, [ids[1]]);
      await walks.forgetSeen(null);
      expect(await walks.countUnseen(runId)).toEqual(before);
    });

    test("failures are listed once a user", async () => {
      const { walks } = await makeSubject();
      const run = await walks.begin({}, {}, NOW);
      await walks.recordFailures(run.id, [{ userId: "b", error: "user.name_collision" }], NOW);
      const again = ["b", "a"].map((userId) => ({ userId, error: "user.refused_here" }));
      await walks.recordFailures(run.id, again, LATER);
      await walks.resolveFailuresBefore(run.id, LATER);
      expect(await walks.listFailures(run.id, "", 10)).toEqual([...again].reverse());
      expect(await walks.listFailures(run.id, "a", 10)).toEqual(again.slice(0, 1));
      await walks.end(run.id, "finished", null, NOW);
    });

    test("live sessions by user", async () => {
      const { walks, sessions } = await makeSubject();
      const prefix = fresh("walk-session");
      const ids = ["a", "b"].map((letter) => `${prefix}-${letter}`) as [string, string];
      const before = await walks.countSignedIn();
      const logins = [ids[0], ids[0], ids[1]].map((id) => loginOf({ profile: profileOf({ id, username: id }) }));
      for (const login of logins) await sessions.recordLogin(login);
      expect(await walks.countSignedIn()).toBe(before + 2);
      const found = await walks.listLiveSessions(prefix, 1);
      expect(found.map(({ userId, username }) => [userId, username])).toEqual([
        [ids[0], ids[0]],
        [ids[0], ids[0]],
      ]);
      const last = logins[2]?.session;
      expect(await walks.listLiveSessions(ids[0], 1)).toEqual([
        {
          sessionId: last?.sessionId as string,
          userId: ids[1],
          username: ids[1],
          keycloakSessionId: last?.keycloakSessionId as string,
          refreshExpiresAt: last?.refreshExpiresAt ?? null,
          startedAt: NOW,
          offline: false,
          keptAsOf: null,
        },
      ]);
      await sessions.end(last?.sessionId as string, "logout", LATER);
      expect(await walks.findSignedIn(ids)).toEqual([ids[0]]);
    });
  });
}
