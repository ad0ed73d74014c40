import { describe, expect, test } from "bun:test";
import { fresh, LATER, loginOf, type MakeSubject, NOW, profileOf, writeUser } from "./contract-subject.ts";

/** What every ScanRepository does. Tests share the tables, so each looks at its own users only. */
export function scanRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: ScanRepository`, () => {
    test("a run is gone on with until it has finished, whether it was stopped or died", async () => {
      const { scans, leases } = await makeSubject();
      const lease = { name: fresh("scan"), fence: 0n };
      lease.fence = (await leases.take(lease.name, "me", 60_000)) as bigint;
      const run = await scans.begin({ through: 0 }, { scanned: 0 }, LATER);
      expect(await scans.findUnfinished()).toEqual(run);
      const page = { runId: run.id, seen: ["a"], position: { through: 7 }, counts: { scanned: 1 }, now: LATER, lease };
      expect(await scans.finishPage(page)).toBe(true);
      await scans.end(run.id, "cancelled", null, LATER);
      const moved = { ...run, position: { through: 7 }, counts: { scanned: 1 } };
      expect(await scans.findUnfinished()).toEqual({ ...moved, state: "cancelled" });
      await scans.resume(run.id, LATER);
      expect(await scans.findUnfinished()).toEqual(moved);
      await scans.end(run.id, "finished", null, LATER);
      expect(await scans.findUnfinished()).toBeNull();
    });

    test("a page is refused once somebody else has the lease", async () => {
      const { scans, leases } = await makeSubject();
      const lease = { name: fresh("scan"), fence: 0n };
      lease.fence = (await leases.take(lease.name, "me", 60_000)) as bigint;
      await leases.release(lease.name, "me");
      await leases.take(lease.name, "another", 60_000);
      const run = await scans.begin({ through: 0 }, {}, NOW);
      const seen = [fresh("id")];
      expect(await scans.finishPage({ runId: run.id, seen, position: 1, counts: {}, now: NOW, lease })).toBe(false);
      await scans.end(run.id, "finished", null, NOW);
    });

    test("live users that a run has not seen, in the order of their ids", async () => {
      const subject = await makeSubject();
      const { scans, users } = subject;
      const prefix = fresh("scan-user");
      const ids = ["a", "b", "c", "d"].map((letter) => `${prefix}-${letter}`) as [string, string, string, string];
      for (const id of ids) await writeUser(subject, profileOf({ id, username: id }), NOW);
      await users.markDeleted(ids[3], NOW);
      const runId = crypto.randomUUID();
      const before = await scans.countUnseen(runId);
      await scans.markSeen(runId, [ids[1]]);
      await scans.markSeen(runId, [ids[1]]);
      expect(await scans.countUnseen(runId)).toEqual({ ...before, unseen: before.unseen - 1 });
      const unseen = await scans.listUnseen(runId, prefix, 2);
      expect(unseen).toEqual([ids[0], ids[2]].map((id) => ({ id, username: id })));
      expect((await scans.listUnseen(runId, ids[0], 1)).map(({ id }) => id)).toEqual([ids[2]]);
      await scans.forgetSeen(runId);
      expect(await scans.countUnseen(runId)).toEqual({ ...before, unseen: before.unseen - 1 });
      await scans.forgetSeen(crypto.randomUUID());
      expect(await scans.countUnseen(runId)).toEqual(before);
      await scans.markSeen(runId, [ids[1]]);
      await scans.forgetSeenBy(crypto.randomUUID());
      expect(await scans.countUnseen(runId)).toEqual({ ...before, unseen: before.unseen - 1 });
      await scans.forgetSeenBy(runId);
      expect(await scans.countUnseen(runId)).toEqual(before);
      await scans.markSeen(runId, [ids[1]]);
      await scans.forgetSeen(null);
      expect(await scans.countUnseen(runId)).toEqual(before);
    });

    test("failures are listed once a user", async () => {
      const { scans } = await makeSubject();
      const run = await scans.begin({}, {}, NOW);
      await scans.recordFailures(run.id, [{ userId: "b", error: "user.name_collision" }], NOW);
      const again = ["b", "a"].map((userId) => ({ userId, error: "user.refused_here" }));
      await scans.recordFailures(run.id, again, LATER);
      await scans.resolveFailuresBefore(run.id, LATER);
      expect(await scans.listFailures(run.id, "", 10)).toEqual([...again].reverse());
      expect(await scans.listFailures(run.id, "a", 10)).toEqual(again.slice(0, 1));
      await scans.end(run.id, "finished", null, NOW);
    });

    test("live sessions by user", async () => {
      const { scans, sessions } = await makeSubject();
      const prefix = fresh("scan-session");
      const ids = ["a", "b"].map((letter) => `${prefix}-${letter}`) as [string, string];
      const before = await scans.countSignedIn();
      const logins = [ids[0], ids[0], ids[1]].map((id) => loginOf({ profile: profileOf({ id, username: id }) }));
      for (const login of logins) await sessions.recordLogin(login);
      expect(await scans.countSignedIn()).toBe(before + 2);
      const found = await scans.listLiveSessions(prefix, 1);
      expect(found.map(({ userId, username }) => [userId, username])).toEqual([
        [ids[0], ids[0]],
        [ids[0], ids[0]],
      ]);
      const last = logins[2]?.session;
      expect(await scans.listLiveSessions(ids[0], 1)).toEqual([
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
      expect(await scans.findSignedIn(ids)).toEqual([ids[0]]);
    });
  });
}
