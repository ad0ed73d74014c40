import { describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import { DEFAULT_USER_PROFILE } from "../../ports/user-profile.ts";
import { type KeycloakRealmUnderTest, newUser } from "./keycloak-realm-under-test.ts";

/** What every {@link KeycloakUserRepository} does. @param realm gives the realm to run on, once it is up */
export function keycloakUserRepositoryContract(name: string, realm: () => Promise<KeycloakRealmUnderTest>): void {
  describe(`${name}: users`, () => {
    test("a created user reads back, names and email in lower case", async () => {
      const { users } = await realm();
      const input = newUser({ attributes: { registrationId: ["mark-1"] }, emailVerified: true });
      const id = await users.createUser({
        ...input,
        username: input.username.toUpperCase(),
        email: input.email.toUpperCase(),
      });
      const { createdAt, ...user } = (await users.getUser(id)) ?? {};
      expect(user).toEqual({
        id,
        username: input.username,
        email: input.email,
        firstName: "Ada",
        lastName: "Lovelace",
        emailVerified: true,
        enabled: true,
        attributes: { registrationId: ["mark-1"] },
        requiredActions: [],
        notBefore: null,
      });
      expect(Math.abs(Date.now() - (createdAt?.getTime() ?? 0))).toBeLessThan(60_000);
    });

    test("enabled is what was asked for", async () => {
      const { users } = await realm();
      const id = await users.createUser(newUser({ enabled: false }));
      expect((await users.getUser(id))?.enabled).toBe(false);
    });

    test("attributes that the realm does not declare are not stored", async () => {
      const { users } = await realm();
      const id = await users.createUser(newUser({ attributes: { registrationId: ["m"], unknown: ["x"] } }));
      expect((await users.getUser(id))?.attributes).toEqual({ registrationId: ["m"] });
    });

    test("who is made without names and email has none", async () => {
      const { users } = await realm();
      const { email: _, firstName: __, lastName: ___, ...user } = newUser();
      expect(await users.getUser(await users.createUser(user))).toMatchObject({
        username: user.username,
        email: null,
        firstName: null,
        lastName: null,
      });
    });

    test("the realm's user profile: four attributes that people give, and the mark that they can't set", async () => {
      const { users } = await realm();
      const { attributes, ...profile } = await users.readUserProfile();
      expect(profile).toEqual({ emailAsUsername: false, blocked: [], askedByKeycloak: [] });
      expect(attributes).toEqual(DEFAULT_USER_PROFILE.attributes);
    });

    test("a blank name is stored as none", async () => {
      const { users } = await realm();
      const id = await users.createUser(newUser({ firstName: " " }));
      expect((await users.getUser(id))?.firstName).toBeNull();
    });

    test("a taken username, in any letter case", async () => {
      const { users } = await realm();
      const first = newUser();
      await users.createUser(first);
      const second = newUser({ username: first.username.toUpperCase() });
      await failure(users.createUser(second), "registration.username_taken");
    });

    test("a taken email, in any letter case, also where the username is taken too", async () => {
      const { users } = await realm();
      const first = newUser();
      await users.createUser(first);
      await failure(users.createUser(newUser({ email: first.email.toUpperCase() })), "registration.email_taken");
      await failure(users.createUser(first), "registration.email_taken");
    });

    test("a username that is another's email is taken", async () => {
      const { users } = await realm();
      const first = newUser();
      await users.createUser(first);
      await failure(users.createUser(newUser({ username: first.email })), "registration.username_taken");
    });

    test("service accounts are among those of a time, and neither in a search nor in the whole", async () => {
      const { users } = await realm();
      const name = "service-account-";
      const span = { createdAfter: new Date(0), createdBefore: new Date("9999-12-31T23:59:59.999Z") };
      expect(await users.searchUsers({ search: name })).toEqual([]);
      expect(await users.countUsers()).toBe(await users.countUsers({ search: "*" }));
      if (!(await users.takesCreatedTimes())) return;
      const ofTheTime = await users.searchUsers({ ...span, max: 10_000 });
      const accounts = ofTheTime.filter(({ username }) => username.startsWith(name));
      expect(accounts).not.toEqual([]);
      expect(await users.countUsers(span)).toBe(ofTheTime.length);
      expect(await users.countUsers()).toBe(ofTheTime.length - accounts.length);
      expect(await users.countUsers({ ...span, search: name })).toBe(0);
    });

    test("who is enabled, and whose email is verified, people alone with a search for everybody", async () => {
      const { users } = await realm();
      const everybody = { search: "*" };
      const counts = async () => [
        await users.countUsers(everybody),
        await users.countUsers({ ...everybody, enabled: true }),
        await users.countUsers({ ...everybody, emailVerified: true }),
      ];
      const [all = 0, enabled = 0, verified = 0] = await counts();
      expect(all).toBe(await users.countUsers());
      const off = await users.createUser(newUser({ enabled: false }));
      await users.createUser(newUser({ emailVerified: true }));
      expect(await counts()).toEqual([all + 2, enabled + 1, verified + 1]);
      // Without the search our own service account is among them.
      expect(await users.countUsers({ enabled: true })).toBeGreaterThan(enabled + 1);
      const found = await users.searchUsers({ ...everybody, enabled: false, max: 10_000 });
      expect(found.map(({ id }) => id)).toContain(off);
      expect(found.every((user) => !user.enabled)).toBe(true);
    });

    test("a user that is signed out has no session left", async () => {
      const { users, tokens } = await realm();
      const person = newUser();
      const id = await users.createUser(person);
      await tokens.passwordGrant(person);
      expect(await users.listSessions(id)).toHaveLength(1);
      expect(await users.signOutUser(id)).toBe(true);
      expect(await users.listSessions(id)).toEqual([]);
      expect(await users.signOutUser("00000000-0000-0000-0000-000000000000")).toBe(false);
    });

    test("of parallel creations of one name exactly one wins", async () => {
      const { users } = await realm();
      const user = newUser();
      const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => users.createUser(user)));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason.code).toMatch(/^registration\.(.*_taken|conflict)$/);
      }
      expect(await users.countUsers({ username: user.username, exact: true })).toBe(1);
    });

    test("a password against the policy: the rule in words, no user left, no value shown", async () => {
      const { users, namesPasswordRule = true } = await realm();
      const user = newUser({ password: "sesame" });
      const error = await failure(users.createUser(user), "registration.password_rejected");
      const rule = "must be at least 8 characters long";
      const message = namesPasswordRule ? rule : "breaks a rule of this realm's password policy";
      expect(error.errors).toEqual([{ path: "password", message }]);
      expect(JSON.stringify([error, error.internal])).not.toContain("sesame");
      expect(await users.countUsers({ username: user.username, exact: true })).toBe(0);
    });

    test("a profile against the rules: each field with its rule, no value shown", async () => {
      const { users } = await realm();
      const user = newUser({ username: "x(;)y", email: "nonsense", firstName: "f".repeat(256), lastName: "<b>" });
      const error = await failure(users.createUser(user), "registration.profile_rejected");
      expect(error.errors?.toSorted((a, b) => a.path.localeCompare(b.path))).toEqual([
        { path: "email", message: "must be an email address" },
        { path: "firstName", message: "must be at most 255 characters long" },
        { path: "lastName", message: "contains a character that is not allowed in a name" },
        { path: "username", message: "contains a character that is not allowed in a username" },
      ]);
      expect(JSON.stringify([error, error.internal])).not.toContain("nonsense");
    });

    test("a username of the wrong length", async () => {
      const { users } = await realm();
      const error = await failure(users.createUser(newUser({ username: "ab" })), "registration.profile_rejected");
      expect(error.errors).toEqual([{ path: "username", message: "must be 3 to 255 characters long" }]);
    });

    test("what does not exist is null, left out, or false; odd ids reach no other resource", async () => {
      const { users } = await realm();
      const id = await users.createUser(newUser());
      const odd = ["", ".", "..", "nobody", "a/b", "f:00000000-0000-4000-8000-000000000000:jo", "a;b", "%2e%2e", "?x"];
      for (const missing of odd) {
        expect(await users.getUser(missing)).toBeNull();
        expect(await users.deleteUser(missing)).toBe(false);
        expect(await users.updateUser(missing, { lastName: "X" })).toBe(false);
        expect(await users.readPassword(missing)).toBeNull();
        expect(await users.listSessions(missing)).toEqual([]);
        expect(await users.listOfflineSessions(missing)).toEqual([]);
        expect(await users.deleteSession(missing)).toBe(false);
        expect(await users.deleteSession(missing, "offline")).toBe(false);
      }
      expect((await users.getUsers([id, ...odd, id])).map((user) => user.id)).toEqual([id]);
    });

    test("a password has the date when it was set", async () => {
      const { users } = await realm();
      const id = await users.createUser(newUser());
      const [user, password] = [await users.getUser(id), await users.readPassword(id)];
      expect(Math.abs((password?.setAt?.getTime() ?? 0) - (user?.createdAt?.getTime() ?? 0))).toBeLessThan(60_000);
    });

    test("a batch read gives many users in full", async () => {
      const { users } = await realm();
      const input = Array.from({ length: 3 }, () => newUser({ attributes: { registrationId: ["m"] } }));
      const ids = await Promise.all(input.map((user) => users.createUser(user)));
      const found = await users.getUsers([...ids, ...Array.from({ length: 60 }, (_, index) => `nobody-${index}`)]);
      expect(found.map((user) => user.id).toSorted()).toEqual(ids.toSorted());
      expect(found[0]?.attributes).toEqual({ registrationId: ["m"] });
      expect(await users.getUsers([])).toEqual([]);
    });

    test("a deleted user is gone", async () => {
      const { users } = await realm();
      const id = await users.createUser(newUser());
      expect(await users.deleteUser(id)).toBe(true);
      expect(await users.deleteUser(id)).toBe(false);
      expect(await users.getUser(id)).toBeNull();
    });

    test("search by name, by email, by prefix, by time, page by page; brief answers", async () => {
      const { users } = await realm();
      const from = new Date();
      const [a, b] = [newUser({ attributes: { registrationId: ["m"] } }), newUser()];
      const ids = [await users.createUser(a), await users.createUser(b)];
      const found = await users.searchUsers({ username: a.username.toUpperCase(), exact: true });
      expect(found.map(({ id, attributes }) => ({ id, attributes }))).toEqual([
        { id: ids[0] as string, attributes: {} },
      ]);
      expect(await users.searchUsers({ username: a.username.slice(0, -1), exact: true })).toEqual([]);
      expect((await users.searchUsers({ email: b.email, exact: true })).map(({ id }) => id)).toEqual([
        ids[1] as string,
      ]);
      expect((await users.searchUsers({ search: b.username.slice(0, 20) })).map(({ id }) => id)).toEqual([
        ids[1] as string,
      ]);
      const created = await users.searchUsers({ createdAfter: new Date(from.getTime() - 5000), max: 1000 });
      expect(created.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
      const inAnHour = new Date(Date.now() + 3_600_000);
      expect(await users.searchUsers({ createdAfter: inAnHour, max: 1000 })).toEqual([]);
      const future = users.countUsers({ createdAfter: inAnHour });
      if (await users.takesCreatedTimes()) expect(await future).toBe(0);
      else await failure(future, "internal.error");
      const pages = [await users.searchUsers({ max: 1 }), await users.searchUsers({ first: 1, max: 1 })];
      expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(2);
      expect(await users.countUsers()).toBeGreaterThanOrEqual(2);
    });

    test("search by an attribute's whole value", async () => {
      const { users } = await realm();
      const mark = crypto.randomUUID();
      const id = await users.createUser(newUser({ attributes: { registrationId: [mark] } }));
      const attribute = { name: "registrationId", value: mark.toUpperCase() };
      const around = { createdAfter: new Date(Date.now() - 60_000), createdBefore: new Date(Date.now() + 60_000) };
      expect((await users.searchUsers({ attribute, ...around })).map((user) => user.id)).toEqual([id]);
      expect(await users.countUsers({ attribute })).toBe(1);
      for (const other of [mark.slice(1), `${mark} x:y`, `"${mark}"`, ""])
        expect(await users.searchUsers({ attribute: { ...attribute, value: other }, ...around })).toEqual([]);
      expect(await users.countUsers({ attribute: { ...attribute, value: "" } })).toBe(0);
      expect(await users.searchUsers({ attribute, createdAfter: around.createdBefore })).toEqual([]);
      expect(await users.searchUsers({ attribute: { name: "other", value: mark }, ...around })).toEqual([]);
    });

    test("an update changes what it names and keeps the rest", async () => {
      const { users } = await realm();
      const input = newUser({ attributes: { registrationId: ["m"] }, emailVerified: true });
      const id = await users.createUser(input);
      const before = await users.getUser(id);
      expect(await users.updateUser(id, { lastName: "Byron" })).toBe(true);
      expect(await users.updateUser(id, { attributes: { registrationId: ["n"] } })).toBe(true);
      expect(await users.updateUser(id, { enabled: false })).toBe(true);
      expect(await users.getUser(id)).toEqual({
        ...(before as NonNullable<typeof before>),
        lastName: "Byron",
        attributes: { registrationId: ["n"] },
        enabled: false,
      });
    });

    test("an update lifts no lock of the brute-force guard, and the lock no update; enabling lifts it", async () => {
      const { users, tokens } = await realm();
      const user = newUser();
      const id = await users.createUser(user);
      // Two failures within a second lock, else the tenth.
      for (let attempt = 0; attempt < 5; attempt += 1)
        await Promise.allSettled([1, 2].map(() => tokens.passwordGrant({ ...user, password: "wrong" })));
      await failure(tokens.passwordGrant(user), "auth.invalid_credentials");
      expect(await users.updateUser(id, { firstName: "Augusta", enabled: true, emailVerified: true })).toBe(true);
      expect(await users.updateUser(id, { attributes: { registrationId: ["n"] } })).toBe(true);
      expect(await users.getUser(id)).toMatchObject({ firstName: "Augusta", emailVerified: true, enabled: true });
      await failure(tokens.passwordGrant(user), "auth.invalid_credentials");
      await users.updateUser(id, { enabled: false });
      await users.updateUser(id, { enabled: true });
      expect((await tokens.passwordGrant(user)).access_token).toBeString();
    });

    test("a change that the realm does not make is reported, what else was asked for is made", async () => {
      const { users } = await realm();
      const id = await users.createUser(newUser({ attributes: { registrationId: ["m"] } }));
      const attributes = { registrationId: ["n"], undeclared: ["x"] };
      const error = await failure(users.updateUser(id, { lastName: "Byron", attributes }), "user.change_ignored");
      expect(error.errors).toEqual([{ path: "attributes.undeclared", message: "was not changed" }]);
      expect(await users.getUser(id)).toMatchObject({ lastName: "Byron", attributes: { registrationId: ["n"] } });
    });

    test("a new email is not verified unless set so; one in another case is not new", async () => {
      const { users } = await realm();
      const input = newUser({ emailVerified: true });
      const id = await users.createUser(input);
      await users.updateUser(id, { email: input.email.toUpperCase() });
      expect(await users.getUser(id)).toMatchObject({ email: input.email, emailVerified: true });
      await users.updateUser(id, { email: `new-${input.email}` });
      expect(await users.getUser(id)).toMatchObject({ email: `new-${input.email}`, emailVerified: false });
      await users.updateUser(id, { email: input.email, emailVerified: true });
      expect(await users.getUser(id)).toMatchObject({ email: input.email, emailVerified: true });
    });

    test("an update can be refused like a creation", async () => {
      const { users } = await realm();
      const [a, b] = [newUser(), newUser()];
      await users.createUser(a);
      const id = await users.createUser(b);
      await failure(users.updateUser(id, { email: a.email }), "registration.email_taken");
      await failure(users.updateUser(id, { email: "nonsense" }), "registration.profile_rejected");
      expect((await users.getUser(id))?.email).toBe(b.email);
    });
  });
}
