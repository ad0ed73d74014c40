import { describe, expect, test } from "bun:test";
import { UniqueViolationError } from "../../errors.ts";
import type { KeycloakProfile } from "../../user-repository.ts";
import { applyProfilesContract } from "./apply-profiles-contract.ts";
import { LATER, loginOf, type MakeSubject, NOW, profileOf } from "./contract-subject.ts";
import { namesContract } from "./names-contract.ts";

/** What every UserRepository does. */
export function userRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: UserRepository`, () => {
    test("a first upsert inserts, with the local columns at their defaults", async () => {
      const { users } = await makeSubject();
      const profile = profileOf();
      const user = await users.upsertProfile(profile, NOW);
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

    test("a later upsert writes Keycloak's fields and leaves the local ones alone", async () => {
      const { users, sessions, addStore } = await makeSubject();
      const login = loginOf();
      const storeId = `store-${login.profile.id}`;
      await addStore(storeId);
      await sessions.recordLogin({ ...login, storeId });
      const changed: KeycloakProfile = {
        ...profileOf({ id: login.profile.id, email: null, firstName: null, lastName: null }),
        ...{ emailVerified: false, enabled: false },
      };
      const user = await users.upsertProfile(changed, LATER);
      expect(user).toMatchObject({ ...changed, storeId, loginCount: 1, lastLoginAt: NOW });
      expect(user).toMatchObject({ createdAt: NOW, syncedAt: LATER, updatedAt: LATER });
    });

    test("finds by username and email without case, and nobody else", async () => {
      const { users } = await makeSubject();
      const profile = profileOf();
      await users.upsertProfile(profile, NOW);
      expect((await users.findByUsername(profile.username.toUpperCase()))?.id).toBe(profile.id);
      expect((await users.findByEmail((profile.email as string).toUpperCase()))?.id).toBe(profile.id);
      expect(await users.findByUsername(`${profile.username}x`)).toBeNull();
      expect(await users.findByUsername(`%${profile.username.slice(1)}`)).toBeNull();
      expect(await users.findByEmail(profile.username)).toBeNull();
      expect(await users.findById(profile.id.toUpperCase())).toBeNull();
    });

    test("a username of another live user is refused by constraint, in any case", async () => {
      const { users } = await makeSubject();
      const holder = await users.upsertProfile(profileOf(), NOW);
      const taker = profileOf({ username: holder.username.toUpperCase() });
      const refused = users.upsertProfile(taker, NOW);
      await expect(refused).rejects.toBeInstanceOf(UniqueViolationError);
      await expect(refused).rejects.toMatchObject({ constraint: "users_username_key" });
      expect(await users.findById(taker.id)).toBeNull();
    });

    test("an email of another live user is refused by constraint, in any case; none at all may be shared", async () => {
      const { users } = await makeSubject();
      const holder = await users.upsertProfile(profileOf(), NOW);
      const taken = profileOf({ email: holder.email?.toUpperCase() ?? null });
      await expect(users.upsertProfile(taken, NOW)).rejects.toMatchObject({ constraint: "users_email_key" });
      await users.upsertProfile(profileOf({ email: null }), NOW);
      await users.upsertProfile(profileOf({ email: null }), NOW);
    });

    test("a tombstone is found by id only, frees its names, and is marked once", async () => {
      const { users } = await makeSubject();
      const gone = await users.upsertProfile(profileOf(), NOW);
      expect(await users.markDeleted(gone.id, LATER)).toBe(true);
      expect(await users.markDeleted(gone.id, LATER)).toBe(false);
      expect(await users.markDeleted(`${gone.id}-nobody`, LATER)).toBe(false);
      expect(await users.findById(gone.id)).toEqual({ ...gone, deletedAt: LATER, updatedAt: LATER });
      expect(await users.findByUsername(gone.username)).toBeNull();
      expect(await users.findByEmail(gone.email as string)).toBeNull();
      const heir = await users.upsertProfile(profileOf({ username: gone.username, email: gone.email }), LATER);
      expect((await users.findByUsername(gone.username))?.id).toBe(heir.id);
    });

    test("an upsert revives a tombstone, unless its names were taken meanwhile", async () => {
      const { users } = await makeSubject();
      const profile = profileOf();
      await users.upsertProfile(profile, NOW);
      await users.markDeleted(profile.id, NOW);
      expect(await users.upsertProfile(profile, LATER)).toMatchObject({ id: profile.id, deletedAt: null });
      await users.markDeleted(profile.id, LATER);
      await users.upsertProfile(profileOf({ username: profile.username }), LATER);
      await expect(users.upsertProfile(profile, LATER)).rejects.toMatchObject({ constraint: "users_username_key" });
      expect(await users.findById(profile.id)).toMatchObject({ deletedAt: LATER });
    });

    test("parallel upserts of one new user make one row", async () => {
      const { users } = await makeSubject();
      const profile = profileOf();
      const all = await Promise.all(Array.from({ length: 8 }, () => users.upsertProfile(profile, NOW)));
      expect(new Set(all.map((user) => user.id)).size).toBe(1);
    });

    test("names keep their every character", async () => {
      const { users } = await makeSubject();
      const base = profileOf();
      const odd = { firstName: "Zoë 😀 \\ ' \" $1 %s", lastName: "  ʻOkina\u200b\n" };
      await users.upsertProfile({ ...base, ...odd }, NOW);
      expect(await users.findById(base.id)).toMatchObject(odd);
    });
  });

  applyProfilesContract(name, makeSubject);
  namesContract(name, makeSubject);
}
