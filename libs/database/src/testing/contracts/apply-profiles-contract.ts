import { describe, expect, test } from "bun:test";
import type { ApplyOptions, KeycloakProfile } from "../../ports/user-repository.ts";
import { fresh, LATER, LATEST, loginOf, type MakeSubject, NOW, profileOf } from "./contract-subject.ts";

/** What every UserRepository does with what a read of Keycloak brought. */
export function applyProfilesContract(name: string, makeSubject: MakeSubject): void {
  const begin = async () => {
    const subject = await makeSubject();
    const apply = async (profiles: KeycloakProfile[], now = NOW, options: ApplyOptions & { ticket?: bigint } = {}) => {
      const { ticket = await subject.tickets.next(), ...rest } = options;
      const applied = await subject.users.applyProfiles(profiles, ticket, now, rest);
      expect(applied.map(({ id }) => id)).toEqual([...new Set(profiles.map(({ id }) => id))]);
      return applied.map(({ outcome }) => outcome);
    };
    return { ...subject, apply };
  };

  describe(`${name}: UserRepository.applyProfiles`, () => {
    test("inserts, updates what differs and leaves the local columns alone", async () => {
      const { users, sessions, addStore, apply } = await begin();
      const [known, added, same] = [profileOf(), profileOf({ email: null, lastName: null }), profileOf()];
      expect(await apply([known, same])).toEqual(["inserted", "inserted"]);
      const storeId = fresh("store");
      await addStore(storeId);
      await sessions.recordLogin(loginOf({ profile: known, storeId, now: LATER }));
      const changed = { ...known, email: null, firstName: null, emailVerified: false, enabled: false };
      expect(await apply([same, changed, added], LATEST)).toEqual(["unchanged", "updated", "inserted"]);
      const times = { createdAt: NOW, syncedAt: LATEST, updatedAt: LATEST };
      expect(await users.findById(known.id)).toMatchObject({ ...changed, ...times, storeId, loginCount: 1 });
      expect(await users.findById(same.id)).toMatchObject({ ...same, syncedAt: NOW, updatedAt: NOW });
      expect(await users.findById(added.id)).toMatchObject({
        ...added,
        createdAt: LATEST,
        metadata: {},
        loginCount: 0,
      });
    });

    test("a change of case alone is a change; of one user given twice the last counts; nobody is nothing", async () => {
      const { users, apply } = await begin();
      const profile = profileOf();
      await apply([profile]);
      const other = { ...profile, username: profile.username.toUpperCase() };
      expect(await apply([profile, other])).toEqual(["updated"]);
      expect((await users.findById(profile.id))?.username).toBe(other.username);
      expect(await apply([])).toEqual([]);
    });

    test("a read that began before the row was written comes too late, whichever of the two began first", async () => {
      const { users, tickets, apply } = await begin();
      const profile = profileOf();
      const [first, second, third] = [await tickets.next(), await tickets.next(), await tickets.next()];
      expect(await apply([profile], NOW, { ticket: second })).toEqual(["inserted"]);
      const old = { ...profile, firstName: "Old" };
      expect(await apply([old], LATER, { ticket: first })).toEqual(["stale"]);
      expect(await apply([old], LATER, { ticket: second })).toEqual(["stale"]);
      expect(await users.findById(profile.id)).toMatchObject({ ...profile, syncedAt: NOW });
      // The two reads overlapped: which of them saw the newer state, nobody knows.
      expect(await apply([old], LATER, { ticket: third })).toEqual(["stale"]);
      expect(await users.findById(profile.id)).toMatchObject(profile);
      expect(await apply([old], LATER)).toEqual(["updated"]);
    });

    test("a read that agrees counts: an older one that differs comes too late", async () => {
      const { users, tickets, apply } = await begin();
      const profile = profileOf();
      await apply([profile]);
      const slow = await tickets.next();
      expect(await apply([profile], LATER)).toEqual(["unchanged"]);
      expect(await apply([{ ...profile, firstName: "Slow" }], LATER, { ticket: slow })).toEqual(["stale"]);
      expect(await users.findById(profile.id)).toMatchObject({ firstName: profile.firstName, updatedAt: NOW });
    });

    test("on request nothing is written where a row agrees, not even that it was read", async () => {
      const { tickets, apply } = await begin();
      const [same, differs] = [profileOf(), profileOf()];
      await apply([same, differs]);
      const slow = await tickets.next();
      const changed = { ...differs, firstName: "New" };
      const leaveUnchanged = true;
      expect(await apply([same, changed, profileOf()], LATER, { leaveUnchanged })).toEqual([
        ...(["unchanged", "updated", "inserted"] as const),
      ]);
      expect(await apply([same], LATER, { leaveUnchanged })).toEqual(["unchanged"]);
      const late = [
        { ...same, firstName: "Slow" },
        { ...changed, firstName: "Slow" },
      ];
      expect(await apply(late, LATER, { ticket: slow })).toEqual(["updated", "stale"]);
    });

    test("who is new or revived gets a notice to be reconciled, unless everybody is scanned", async () => {
      const { users, feed, apply } = await begin();
      const [added, scanned] = [profileOf(), profileOf()];
      const noticed = async (at: Date) => {
        const notices = await feed.claimDue(at, at, 1_000);
        await feed.complete(notices, at);
        return notices.filter(({ subject }) => [added.id, scanned.id].includes(subject)).map(({ subject }) => subject);
      };
      await apply([added], NOW);
      await apply([scanned], NOW, { leaveUnchanged: true });
      expect(await noticed(NOW)).toEqual([added.id]);
      await apply([{ ...added, firstName: "Changed" }], NOW);
      expect(await noticed(NOW)).toEqual([]);
      await users.markDeleted(added.id, NOW);
      await apply([added], NOW);
      expect(await noticed(NOW)).toEqual([added.id]);
    });

    test("a tombstone is revived by a later read only", async () => {
      const { users, tickets, apply } = await begin();
      const profile = profileOf();
      await apply([profile]);
      const before = await tickets.next();
      const ticket = await tickets.next();
      expect(await users.markDeleted(profile.id, LATER, ticket)).toBe(true);
      expect(await apply([profile], LATER, { ticket: before })).toEqual(["stale"]);
      expect(await apply([profile], LATER, { ticket })).toEqual(["stale"]);
      expect(await apply([profile], LATEST)).toEqual(["revived"]);
      expect(await users.findById(profile.id)).toMatchObject({ ...profile, deletedAt: null, updatedAt: LATEST });
    });

    test("a deletion that was read before the row was written is no news; one without a read always is", async () => {
      const { users, tickets, apply } = await begin();
      const profile = profileOf();
      const [early, late] = [await tickets.next(), await tickets.next()];
      await apply([profile], NOW, { ticket: late });
      expect(await users.markDeleted(profile.id, LATER, early)).toBe(false);
      expect(await users.markDeleted(profile.id, LATER, late)).toBe(false);
      const slow = await tickets.next();
      expect(await users.markDeleted(profile.id, LATER)).toBe(true);
      expect(await apply([profile], LATER, { ticket: slow })).toEqual(["stale"]);
    });

    test("a tombstone found missing again is not revived by a read from before", async () => {
      const { users, tickets, apply } = await begin();
      const profile = profileOf();
      await apply([profile]);
      await users.markDeleted(profile.id, LATER, await tickets.next());
      const slow = await tickets.next();
      expect(await users.markDeleted(profile.id, LATEST, await tickets.next())).toBe(false);
      expect(await apply([profile], LATEST, { ticket: slow })).toEqual(["stale"]);
      expect(await users.findById(profile.id)).toMatchObject({ deletedAt: LATER, updatedAt: LATER });
    });

    test("an unknown user whose name is being registered is left out, unless asked for", async () => {
      const { users, registrations, apply } = await begin();
      const [byName, byEmail, free] = [profileOf(), profileOf(), profileOf()];
      const local = { storeId: null, organizationId: null, metadata: {} };
      const asked = { firstName: "A", lastName: "B", emailVerified: false, enabled: true, ...local };
      const begins = { profile: asked, idempotencyKey: null, now: NOW, recoverAt: LATER, lostUntil: LATER };
      const register = (username: string, email: string) =>
        registrations.begin({ id: crypto.randomUUID(), username, email, ...begins });
      await register(byName.username.toUpperCase(), "nobody@example.test");
      await register(fresh("nobody"), (byEmail.email as string).toUpperCase());
      expect(await apply([byName, byEmail, free])).toEqual(["unfinished", "unfinished", "inserted"]);
      expect(await users.findById(byName.id)).toBeNull();
      expect(await apply([byName, byEmail], NOW, { ignoreUnfinished: [byEmail.id] })).toEqual([
        "unfinished",
        "inserted",
      ]);
      expect(await apply([{ ...byEmail, username: byName.username }], NOW)).toEqual(["updated"]);
    });

    test("parallel reads of the same users make one row each", async () => {
      const { users, apply } = await begin();
      const profiles = Array.from({ length: 10 }, () => profileOf());
      const all = await Promise.all(Array.from({ length: 6 }, () => apply(profiles)));
      const seen = new Set(all.flat());
      for (const unexpected of ["collision", "updated", "revived"] as const) expect(seen).not.toContain(unexpected);
      expect(await users.findByIds(profiles.map(({ id }) => id))).toHaveLength(10);
    });

    test("counts the tombstones since a time, and finds rows by ids, tombstones too", async () => {
      const { users, apply } = await begin();
      const [before, ...profiles] = [profileOf(), profileOf(), profileOf()];
      await apply([before, ...profiles]);
      const at = new Date(Date.UTC(2090, 0, 1) + Number.parseInt(crypto.randomUUID().slice(0, 8), 16));
      await users.markDeleted(before.id, new Date(at.getTime() - 1));
      const known = await users.countDeletedSince(at);
      for (const { id } of profiles) await users.markDeleted(id, at);
      expect(await users.countDeletedSince(at)).toBe(known + 2);
      const found = await users.findByIds([before.id, fresh("nobody"), ...profiles.map(({ id }) => id)]);
      expect(found.map(({ id }) => id).sort()).toEqual([before, ...profiles].map(({ id }) => id).sort());
      expect(found[0]).toEqual((await users.findById(found[0]?.id as string)) as never);
      expect(await users.findByIds([])).toEqual([]);
    });
  });
}
