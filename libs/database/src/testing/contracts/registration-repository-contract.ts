import { describe, expect, test } from "bun:test";
import { ForeignKeyViolationError } from "../../errors.ts";
import type { NewRegistration } from "../../registration-repository.ts";
import { fresh, LATER, LATEST, type MakeSubject, NOW, profileOf } from "./contract-subject.ts";

function registrationOf(change: Partial<NewRegistration> = {}): NewRegistration {
  const id = fresh("registration");
  return {
    id,
    username: `user-${id}`,
    email: `${id}@example.test`,
    profile: {
      ...{ firstName: "Ada", lastName: "Lövelace", emailVerified: false, enabled: true },
      ...{ storeId: null, organizationId: null, metadata: { plan: "free", tags: ["a", 1, null] } },
    },
    idempotencyKey: null,
    now: NOW,
    ...change,
  };
}

const profileFor = ({ username, email }: NewRegistration) => profileOf({ username, email });

/** What every RegistrationRepository does. */
export function registrationRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: RegistrationRepository`, () => {
    test("begins as pending, with what was asked for", async () => {
      const { registrations } = await makeSubject();
      const { now, ...asked } = registrationOf({ idempotencyKey: fresh("key") });
      await registrations.begin({ ...asked, now });
      expect(await registrations.findById(asked.id)).toEqual({
        ...asked,
        ...{ state: "pending", keycloakUserId: null, attempts: 0, lastError: null, createdAt: NOW, updatedAt: NOW },
      });
      expect(await registrations.findById(fresh("nobody"))).toBeNull();
      await expect(registrations.begin({ ...asked, now })).rejects.toMatchObject({ constraint: "registrations_pkey" });
    });

    test("completing writes the user and the log, once", async () => {
      const { registrations, users, activities, addStore, addOrganization } = await makeSubject();
      const [storeId, organizationId] = [fresh("store"), fresh("organization")];
      await addStore(storeId);
      await addOrganization(organizationId);
      const base = registrationOf();
      const asked = { ...base, profile: { ...base.profile, storeId, organizationId } };
      await registrations.begin(asked);
      const profile = profileFor(asked);
      const user = await registrations.complete(asked.id, profile, LATER);
      const { metadata } = asked.profile;
      expect(user).toMatchObject({ ...profile, storeId, organizationId, metadata, loginCount: 0, lastLoginAt: null });
      expect(user).toMatchObject({ createdAt: LATER, updatedAt: LATER, syncedAt: LATER, deletedAt: null });
      expect(await users.findById(profile.id)).toEqual(user);
      expect(await registrations.findById(asked.id)).toMatchObject({ state: "completed", keycloakUserId: profile.id });
      expect(await activities.listByUser(profile.id, 10)).toMatchObject([
        { type: "user.registered", at: LATER, details: { registrationId: asked.id } },
      ]);
      expect(await registrations.complete(asked.id, profileOf(), LATEST)).toBeNull();
      expect(await registrations.complete(fresh("nobody"), profileOf(), LATEST)).toBeNull();
    });

    test("of parallel completions one wins", async () => {
      const { registrations } = await makeSubject();
      const asked = registrationOf();
      await registrations.begin(asked);
      const profile = profileFor(asked);
      const all = await Promise.all(Array.from({ length: 6 }, () => registrations.complete(asked.id, profile, LATER)));
      expect(all.filter((user) => user !== null)).toHaveLength(1);
    });

    test("a held id, username or email is refused, and the row stays pending", async () => {
      const { registrations, users, activities } = await makeSubject();
      const holder = await users.upsertProfile(profileOf(), NOW);
      const asked = registrationOf();
      await registrations.begin(asked);
      for (const [constraint, profile] of [
        ["users_pkey", { ...profileFor(asked), id: holder.id }],
        ["users_username_key", { ...profileFor(asked), username: holder.username.toUpperCase() }],
        ["users_email_key", { ...profileFor(asked), email: holder.email?.toUpperCase() ?? null }],
      ] as const) {
        await expect(registrations.complete(asked.id, profile, LATER)).rejects.toMatchObject({ constraint });
        if (profile.id !== holder.id) expect(await users.findById(profile.id)).toBeNull();
      }
      expect(await users.findById(holder.id)).toEqual(holder);
      expect(await activities.listByUser(holder.id, 1)).toEqual([]);
      expect(await registrations.findById(asked.id)).toMatchObject({ state: "pending", keycloakUserId: null });
    });

    test("a store that is not there is refused, and the row stays pending", async () => {
      const { registrations } = await makeSubject();
      const base = registrationOf();
      await registrations.begin({ ...base, profile: { ...base.profile, storeId: fresh("no-store") } });
      const refused = registrations.complete(base.id, profileFor(base), LATER);
      await expect(refused).rejects.toBeInstanceOf(ForeignKeyViolationError);
      expect(await registrations.findById(base.id)).toMatchObject({ state: "pending" });
    });

    test("undo and completion exclude each other", async () => {
      const { registrations } = await makeSubject();
      for (let round = 0; round < 6; round++) {
        const asked = registrationOf();
        await registrations.begin(asked);
        const profile = profileFor(asked);
        const [user, undoing] = await Promise.all([
          registrations.complete(asked.id, profile, LATER),
          registrations.beginUndo(asked.id, profile.id, "test.raced", LATER),
        ]);
        expect(user === null).toBe(undoing);
      }
    });

    test("walks pending → undoing → undone, each step once", async () => {
      const { registrations } = await makeSubject();
      const asked = registrationOf();
      await registrations.begin(asked);
      expect(await registrations.finishUndo(asked.id, LATER)).toBe(false);
      expect(await registrations.beginUndo(asked.id, "kc-1", "database.unavailable", LATER)).toBe(true);
      expect(await registrations.beginUndo(asked.id, "kc-2", "other", LATER)).toBe(false);
      expect(await registrations.fail(asked.id, "other", LATER)).toBe(false);
      expect(await registrations.complete(asked.id, profileFor(asked), LATER)).toBeNull();
      await registrations.recordAttempt(asked.id, "keycloak.timeout", LATEST);
      const undoing = { state: "undoing", keycloakUserId: "kc-1", attempts: 1, lastError: "keycloak.timeout" } as const;
      expect(await registrations.findById(asked.id)).toMatchObject({ ...undoing, updatedAt: LATEST });
      expect(await registrations.finishUndo(asked.id, LATEST)).toBe(true);
      expect(await registrations.finishUndo(asked.id, LATEST)).toBe(false);
      await registrations.recordAttempt(asked.id, "too late", LATEST);
      expect(await registrations.findById(asked.id)).toMatchObject({ ...undoing, state: "undone" });
    });

    test("a refusal by Keycloak fails the row for good", async () => {
      const { registrations } = await makeSubject();
      const asked = registrationOf();
      await registrations.begin(asked);
      expect(await registrations.fail(asked.id, "registration.username_taken", LATER)).toBe(true);
      expect(await registrations.fail(asked.id, "again", LATER)).toBe(false);
      expect(await registrations.beginUndo(asked.id, null, "again", LATER)).toBe(false);
      expect(await registrations.findById(asked.id)).toMatchObject({
        ...{ state: "failed", lastError: "registration.username_taken" },
      });
    });

    test("finds the newest unfinished row by either name, without case", async () => {
      const { registrations } = await makeSubject();
      const older = registrationOf();
      const newer = { ...registrationOf({ now: LATER }), username: older.username.toUpperCase() };
      const finished = { ...registrationOf({ now: LATEST }), username: older.username };
      for (const asked of [newer, older, finished]) await registrations.begin(asked);
      await registrations.fail(finished.id, "test", LATEST);
      await registrations.beginUndo(older.id, null, "test", LATER);
      expect((await registrations.findUnfinished(older.username, null))?.id).toBe(newer.id);
      expect((await registrations.findUnfinished(fresh("nobody"), older.email.toUpperCase()))?.id).toBe(older.id);
      expect(await registrations.findUnfinished(fresh("nobody"), fresh("nobody@x"))).toBeNull();
      expect(await registrations.findUnfinished(fresh("nobody"), finished.email)).toBeNull();
    });
  });
}
