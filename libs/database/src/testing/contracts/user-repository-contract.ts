import { describe, expect, test } from "bun:test";
import type { KeycloakProfile } from "../../ports/user-repository.ts";
import { applyProfilesContract } from "./apply-profiles-contract.ts";
import { LATER, loginOf, type MakeSubject, NOW, outcomeOf, profileOf, writeUser } from "./contract-subject.ts";
import { namesContract } from "./names-contract.ts";

/** What every UserRepository does. */
export function userRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: UserRepository`, () => {
    test("a first write inserts, with the local columns at their defaults", async () => {
      const subject = await makeSubject();
      const { users } = subject;
      const profile = profileOf();
      const user = await writeUser(subject, profile, NOW);
      expect(user).toEqual({
        ...profile,
        storeId: null,
        organizationId: null,
        metadata: {},
        lastLoginAt: null,
        loginCount: 0,
        syncedAt: NOW,
        createdAt: NOW,
        updatedAt: NOW,
        deletedAt: null,
      });
      expect(await users.findById(profile.id)).toEqual(user);
    });

    test("a later one writes Keycloak's fields and leaves the local ones alone", async () => {
      const subject = await makeSubject();
      const { sessions, addStore } = subject;
      const login = loginOf();
      const storeId = `store-${login.profile.id}`;
      await addStore(storeId);
      await sessions.recordLogin({ ...login, storeId });
      const changed: KeycloakProfile = {
        ...profileOf({ id: login.profile.id, email: null, firstName: null, lastName: null }),
        emailVerified: false,
        enabled: false,
      };
      const user = await writeUser(subject, changed, LATER);
      expect(user).toMatchObject({ ...changed, storeId, loginCount: 1, lastLoginAt: NOW });
      expect(user).toMatchObject({ createdAt: NOW, syncedAt: LATER, updatedAt: LATER });
    });

    test("finds by username and email without case, and nobody else", async () => {
      const subject = await makeSubject();
      const { users } = subject;
      const profile = profileOf();
      await writeUser(subject, profile, NOW);
      expect((await users.findByUsername(profile.username.toUpperCase()))?.id).toBe(profile.id);
      expect((await users.findByEmail((profile.email as string).toUpperCase()))?.id).toBe(profile.id);
      expect(await users.findByUsername(`${profile.username}x`)).toBeNull();
      expect(await users.findByUsername(`%${profile.username.slice(1)}`)).toBeNull();
      expect(await users.findByEmail(profile.username)).toBeNull();
      expect(await users.findById(profile.id.toUpperCase())).toBeNull();
    });

    test("a username of another live user is refused, in any case", async () => {
      const subject = await makeSubject();
      const { users } = subject;
      const holder = await writeUser(subject, profileOf(), NOW);
      const taker = profileOf({ username: holder.username.toUpperCase() });
      expect(await outcomeOf(subject, taker, NOW)).toBe("collision");
      expect(await users.findById(taker.id)).toBeNull();
    });

    test("an email of another live user is refused, in any case; none at all may be shared", async () => {
      const subject = await makeSubject();
      const holder = await writeUser(subject, profileOf(), NOW);
      const taken = profileOf({ email: holder.email?.toUpperCase() ?? null });
      expect(await outcomeOf(subject, taken, NOW)).toBe("collision");
      await writeUser(subject, profileOf({ email: null }), NOW);
      await writeUser(subject, profileOf({ email: null }), NOW);
    });

    test("a tombstone is found by id only, frees its names, and is marked once", async () => {
      const subject = await makeSubject();
      const { users } = subject;
      const gone = await writeUser(subject, profileOf(), NOW);
      expect(await users.markDeleted(gone.id, LATER)).toBe(true);
      expect(await users.markDeleted(gone.id, LATER)).toBe(false);
      expect(await users.markDeleted(`${gone.id}-nobody`, LATER)).toBe(false);
      expect(await users.findById(gone.id)).toEqual({ ...gone, deletedAt: LATER, updatedAt: LATER });
      expect(await users.findByUsername(gone.username)).toBeNull();
      expect(await users.findByEmail(gone.email as string)).toBeNull();
      const heir = await writeUser(subject, profileOf({ username: gone.username, email: gone.email }), LATER);
      expect((await users.findByUsername(gone.username))?.id).toBe(heir.id);
    });

    test("a write revives a tombstone, unless its names were taken meanwhile", async () => {
      const subject = await makeSubject();
      const { users } = subject;
      const profile = profileOf();
      await writeUser(subject, profile, NOW);
      await users.markDeleted(profile.id, NOW);
      expect(await writeUser(subject, profile, LATER)).toMatchObject({ id: profile.id, deletedAt: null });
      await users.markDeleted(profile.id, LATER);
      await writeUser(subject, profileOf({ username: profile.username }), LATER);
      expect(await outcomeOf(subject, profile, LATER)).toBe("collision");
      expect(await users.findById(profile.id)).toMatchObject({ deletedAt: LATER });
    });

    test("parallel writes of one new user make one row", async () => {
      const subject = await makeSubject();
      const profile = profileOf();
      const all = await Promise.all(Array.from({ length: 8 }, () => writeUser(subject, profile, NOW)));
      expect(new Set(all.map((user) => user.id)).size).toBe(1);
    });

    test("names keep their every character", async () => {
      const subject = await makeSubject();
      const { users } = subject;
      const base = profileOf();
      const odd = { firstName: "Zoë 😀 \\ ' \" $1 %s", lastName: "  ʻOkina\u200b\n" };
      await writeUser(subject, { ...base, ...odd }, NOW);
      expect(await users.findById(base.id)).toMatchObject(odd);
    });
  });

  applyProfilesContract(name, makeSubject);
  namesContract(name, makeSubject);
}
