import { describe, expect, test } from "bun:test";
import { ForeignKeyViolationError } from "@libs/postgres";
import type { NewRegistration } from "../../ports/registration-repository.ts";
import {
  fresh,
  LATER,
  LATEST,
  loginOf,
  type MakeSubject,
  NOW,
  outcomeOf,
  profileOf,
  writeUser,
} from "./contract-subject.ts";

function registrationOf(change: Partial<NewRegistration> = {}): NewRegistration {
  const id = fresh("registration");
  return {
    id,
    username: `user-${id}`,
    email: `${id}@example.test`,
    profile: {
      firstName: "Ada",
      lastName: "Lövelace",
      emailVerified: false,
      enabled: true,
      storeId: null,
      organizationId: null,
      metadata: { plan: "free", tags: ["a", 1, null] },
    },
    idempotencyKey: null,
    now: NOW,
    recoverAt: LATER,
    lostUntil: LATEST,
    ...change,
  };
}

const profileFor = ({ username, email }: NewRegistration) => profileOf({ username, email });

/** What every RegistrationRepository does. */
export function registrationRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: RegistrationRepository`, () => {
    test("begins as pending, with what was asked for", async () => {
      const { registrations } = await makeSubject();
      const { now, recoverAt, ...asked } = registrationOf({ idempotencyKey: fresh("key") });
      await registrations.begin({ ...asked, now, recoverAt });
      expect(await registrations.findById(asked.id)).toEqual({
        ...asked,
        state: "pending",
        keycloakUserId: null,
        attempts: 0,
        lastError: null,
        createdAt: NOW,
        updatedAt: NOW,
        nextAttemptAt: LATER,
        parkedAt: null,
      });
      expect(await registrations.findById(fresh("nobody"))).toBeNull();
      await expect(registrations.begin({ ...asked, now, recoverAt })).rejects.toMatchObject({
        constraint: "registrations_pkey",
      });
    });

    test("without an email: kept, found by its name, by nobody's email, and completed", async () => {
      const { registrations } = await makeSubject();
      const base = registrationOf();
      const asked = { ...base, email: null, profile: { ...base.profile, firstName: null, lastName: null } };
      await registrations.begin(asked);
      expect(await registrations.findById(asked.id)).toMatchObject({ email: null, profile: asked.profile });
      expect((await registrations.findUnfinished(asked.username, null))?.id).toBe(asked.id);
      expect(await registrations.findUnfinished(fresh("nobody"), null)).toBeNull();
      const user = await registrations.complete(asked.id, profileFor(asked), LATER);
      expect(user).toMatchObject({ username: asked.username, email: null });
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

    test("knows which users of Keycloak are ours, and whether their registration is completed", async () => {
      const { registrations } = await makeSubject();
      const [done, undone, open] = [registrationOf(), registrationOf(), registrationOf()];
      for (const asked of [done, undone, open]) await registrations.begin(asked);
      const profile = profileFor(done);
      await registrations.complete(done.id, profile, LATER);
      const late = fresh("kc");
      await registrations.beginUndo(undone.id, late, "test", LATER, LATEST);
      const found = await registrations.findByUserIds([profile.id, fresh("nobody"), late, open.id]);
      expect(found.toSorted((a) => (a.id === done.id ? -1 : 1))).toEqual([
        { id: done.id, state: "completed", keycloakUserId: profile.id },
        { id: undone.id, state: "undoing", keycloakUserId: late },
      ]);
      expect(await registrations.findByUserIds([])).toEqual([]);
      await registrations.finishUndo(undone.id, LATER, null);
      await registrations.fail(open.id, "test", LATER);
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
      const subject = await makeSubject();
      const { registrations, users, activities } = subject;
      const holder = await writeUser(subject, profileOf(), NOW);
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
          registrations.beginUndo(asked.id, profile.id, "test.raced", LATER, LATEST),
        ]);
        expect(user === null).toBe(undoing);
      }
    });

    test("goes pending → undoing → undone, each step once", async () => {
      const { registrations } = await makeSubject();
      const asked = registrationOf();
      await registrations.begin(asked);
      expect(await registrations.finishUndo(asked.id, LATER, null)).toBe(false);
      expect(await registrations.beginUndo(asked.id, "kc-1", "database.unavailable", LATER, LATEST)).toBe(true);
      expect(await registrations.beginUndo(asked.id, "kc-2", "other", LATER, LATEST)).toBe(false);
      expect(await registrations.fail(asked.id, "other", LATER)).toBe(false);
      expect(await registrations.complete(asked.id, profileFor(asked), LATER)).toBeNull();
      await registrations.recordAttempt(asked.id, "keycloak.timeout", LATEST, LATEST);
      const undoing = { state: "undoing", keycloakUserId: "kc-1", attempts: 1, lastError: "keycloak.timeout" } as const;
      expect(await registrations.findById(asked.id)).toMatchObject({ ...undoing, updatedAt: LATEST });
      expect(await registrations.finishUndo(asked.id, LATEST, null)).toBe(true);
      expect(await registrations.finishUndo(asked.id, LATEST, null)).toBe(false);
      await registrations.recordAttempt(asked.id, "too late", LATEST, LATEST);
      expect(await registrations.findById(asked.id)).toMatchObject({ ...undoing, state: "undone" });
    });

    test("a refusal by Keycloak fails the row for good", async () => {
      const { registrations } = await makeSubject();
      const asked = registrationOf();
      await registrations.begin(asked);
      expect(await registrations.fail(asked.id, "registration.username_taken", LATER)).toBe(true);
      expect(await registrations.fail(asked.id, "again", LATER)).toBe(false);
      expect(await registrations.beginUndo(asked.id, null, "again", LATER, LATEST)).toBe(false);
      expect(await registrations.findById(asked.id)).toMatchObject({
        state: "failed",
        lastError: "registration.username_taken",
      });
    });

    test("finds the newest unfinished row by either name, without case", async () => {
      const { registrations } = await makeSubject();
      const older = registrationOf();
      const newer = { ...registrationOf({ now: LATER }), username: older.username.toUpperCase() };
      const finished = { ...registrationOf({ now: LATEST }), username: older.username };
      for (const asked of [newer, older, finished]) await registrations.begin(asked);
      await registrations.fail(finished.id, "test", LATEST);
      await registrations.beginUndo(older.id, null, "test", LATER, LATEST);
      expect((await registrations.findUnfinished(older.username, null))?.id).toBe(newer.id);
      expect((await registrations.findUnfinished(fresh("nobody"), older.email?.toUpperCase() ?? null))?.id).toBe(
        older.id,
      );
      expect(await registrations.findUnfinished(fresh("nobody"), fresh("nobody@x"))).toBeNull();
      expect(await registrations.findUnfinished(fresh("nobody"), finished.email)).toBeNull();
    });

    test("what is finished is never due; completing ends every check", async () => {
      const { registrations } = await makeSubject();
      const [completed, failed, undone] = [registrationOf(), registrationOf(), registrationOf()];
      for (const asked of [completed, failed, undone]) await registrations.begin(asked);
      await registrations.complete(completed.id, profileFor(completed), LATER);
      await registrations.fail(failed.id, "registration.username_taken", LATER);
      await registrations.beginUndo(undone.id, null, "test", LATER, LATER);
      await registrations.finishUndo(undone.id, LATER, null);
      for (const { id } of [completed, failed, undone])
        expect(await registrations.findById(id)).toMatchObject({ nextAttemptAt: null });
    });

    test("rows that are due are claimed once, oldest first; a claim that ends comes back", async () => {
      const { registrations } = await makeSubject();
      // Far before the rows of other tests, which share the database.
      const at = (seconds: number) => new Date(Date.UTC(2001, 0, 1) + seconds * 1000);
      const [first, second, later, parked] = [1, 2, 100, 0].map((s) => registrationOf({ recoverAt: at(s) }));
      for (const asked of [second, later, first, parked]) await registrations.begin(asked as NewRegistration);
      await registrations.park(parked?.id ?? "", "test", NOW);
      const claims = await Promise.all([1, 2, 3].map(() => registrations.claimDue(at(10), at(20), 1)));
      expect(
        claims
          .flat()
          .map(({ id }) => id)
          .sort(),
      ).toEqual([first?.id, second?.id].sort() as string[]);
      expect(claims.flat()[0]).toMatchObject({ state: "pending", nextAttemptAt: at(20), lostUntil: LATEST });
      expect(await registrations.claimDue(at(19), at(30), 10)).toEqual([]);
      const again = await registrations.claimDue(at(20), at(2000), 10);
      expect(again.map(({ id }) => id).sort()).toEqual([first?.id, second?.id].sort() as string[]);
      expect((await registrations.claimDue(at(1000), at(2000), 10)).map(({ id }) => id)).toEqual([later?.id as string]);
      for (const asked of [first, second, later]) await registrations.fail(asked?.id ?? "", "test", NOW);
    });

    test("an undone row that is still checked can be reopened, one that is settled can't", async () => {
      const { registrations } = await makeSubject();
      const asked = registrationOf();
      await registrations.begin(asked);
      expect(await registrations.reopen(asked.id, "kc-1", "late", LATER, LATEST)).toBe(false);
      await registrations.beginUndo(asked.id, null, "test", LATER, LATEST);
      expect(await registrations.finishUndo(asked.id, LATER, LATEST)).toBe(true);
      await registrations.recordAttempt(asked.id, "still searching", LATER, LATEST);
      expect(await registrations.findById(asked.id)).toMatchObject({ state: "undone", attempts: 1 });
      expect(await registrations.reopen(asked.id, "kc-1", "late", LATER, LATEST)).toBe(true);
      expect(await registrations.findById(asked.id)).toMatchObject({ state: "undoing", keycloakUserId: "kc-1" });
      await registrations.finishUndo(asked.id, LATER, LATEST);
      await registrations.settle(asked.id, LATER);
      expect(await registrations.findById(asked.id)).toMatchObject({ state: "undone", nextAttemptAt: null });
      expect(await registrations.reopen(asked.id, "kc-1", "late", LATER, LATEST)).toBe(false);
    });

    test("counts what is not finished, parked rows apart", async () => {
      const { registrations } = await makeSubject();
      const before = await registrations.backlog();
      const oldest = new Date(Date.UTC(2000, 0, 1) + Math.floor(Math.random() * 1e9));
      const [pending, undoing, parked, completed] = [NOW, oldest, NOW, NOW].map((now) => registrationOf({ now }));
      for (const asked of [pending, undoing, parked, completed]) await registrations.begin(asked as NewRegistration);
      await registrations.beginUndo(undoing?.id ?? "", null, "test", NOW, LATEST);
      await registrations.park(parked?.id ?? "", "registration.too_old", LATER);
      await registrations.complete(completed?.id ?? "", profileFor(completed as NewRegistration), NOW);
      await registrations.park(completed?.id ?? "", "never", LATER);
      const after = await registrations.backlog();
      expect(after.pending - before.pending).toBe(1);
      expect(after.undoing - before.undoing).toBe(1);
      expect(after.parked - before.parked).toBe(1);
      expect(after.oldestCreatedAt?.getTime()).toBeLessThanOrEqual(oldest.getTime());
      const row = await registrations.findById(parked?.id ?? "");
      expect(row).toMatchObject({ state: "pending", parkedAt: LATER, lastError: "registration.too_old" });
      await registrations.finishUndo(undoing?.id ?? "", LATER, null);
    });

    test("a user that is not known is not inserted while its name is being registered, unless asked to", async () => {
      const subject = await makeSubject();
      const { registrations, users, sessions } = subject;
      const asked = registrationOf();
      const stranger = profileOf({ username: asked.username.toUpperCase() });
      const known = await writeUser(subject, profileOf(), NOW);
      await registrations.begin(asked);
      const refused = { name: "UnfinishedRegistrationError" };
      const { session } = loginOf();
      const login = { profile: stranger, storeId: null, now: LATER, session };
      expect(await outcomeOf(subject, stranger, LATER)).toBe("unfinished");
      await expect(sessions.recordLogin(login)).rejects.toMatchObject(refused);
      expect(await users.findById(stranger.id)).toBeNull();
      expect(await sessions.findById(session.sessionId)).toBeNull();
      // Who is known already is written whatever is being registered.
      await writeUser(subject, { ...profileOf({ email: asked.email }), id: known.id }, LATER);
      expect((await sessions.recordLogin({ ...login, ignoreUnfinished: true })).user.id).toBe(stranger.id);
      const other = profileOf({ username: asked.username });
      expect(await outcomeOf(subject, other, LATEST)).toBe("unfinished");
      expect(await outcomeOf(subject, other, LATEST, { ignoreUnfinished: [other.id] })).toBe("collision");
      await registrations.fail(asked.id, "test", LATER);
      expect((await writeUser(subject, profileOf({ username: fresh("x"), email: null }), LATER)).email).toBeNull();
    });

    test("an operator sees what is open, and has it checked again", async () => {
      const { registrations } = await makeSubject();
      const long = { now: new Date("2020-01-01"), recoverAt: LATEST };
      const [parked, waiting, done] = [registrationOf(long), registrationOf(long), registrationOf(long)];
      for (const row of [parked, waiting, done]) await registrations.begin(row);
      await registrations.park(parked.id, "registration.too_old", NOW);
      await registrations.complete(done.id, profileFor(done), NOW);
      const mine = (ids: readonly string[]) => [parked.id, waiting.id, done.id].filter((id) => ids.includes(id));
      const open = await registrations.listOpen(1_000);
      expect(mine(open.map(({ id }) => id))).toEqual([parked.id, waiting.id]);
      expect(open.map(({ createdAt }) => createdAt.getTime())).toEqual(
        open.map(({ createdAt }) => createdAt.getTime()).sort((a, b) => a - b),
      );
      expect(await registrations.listOpen(1)).toHaveLength(1);
      expect(mine(await registrations.retry(LATER))).toEqual([parked.id]);
      expect(await registrations.findById(parked.id)).toMatchObject({
        state: "pending",
        parkedAt: null,
        nextAttemptAt: LATER,
        attempts: 0,
        lastError: "registration.retried",
      });
      expect(await registrations.retry(LATER, [waiting.id, done.id, fresh("nobody")])).toEqual([waiting.id]);
      expect(await registrations.retry(LATER, [])).toEqual([]);
    });
  });
}
