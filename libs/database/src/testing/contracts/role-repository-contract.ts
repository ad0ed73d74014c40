import { describe, expect, test } from "bun:test";
import type { Actor, Scope } from "../../ports/role-repository.ts";
import {
  type ContractSubject,
  fresh,
  LATER,
  LATEST,
  loginOf,
  type MakeSubject,
  NOW,
  profileOf,
  writeUser,
} from "./contract-subject.ts";

const everywhere: Scope = { storeId: null, organizationId: null };
const by: Actor = { id: "authctl", ipAddress: "192.0.2.7", userAgent: "contract/1.0" };

/** A role with permissions of its own. */
async function addRole({ roles }: ContractSubject, ...actions: string[]) {
  const resource = fresh("thing");
  const permissions = actions.map((action) => `${resource}:${action}`).sort();
  await roles.definePermissions(permissions.map((name) => ({ name, description: null })));
  const role = fresh("role");
  await roles.defineRole({ name: role, description: null, permissions }, by, NOW);
  return { role, permissions };
}

async function logOf({ activities }: ContractSubject, userId: string) {
  return (await activities.listByUser(userId, 20)).map(({ type, details }) => ({ type, details })).reverse();
}

/** What every RoleRepository does. */
export function roleRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: RoleRepository`, () => {
    test("defines permissions and roles; a role has exactly the permissions that were given last", async () => {
      const { roles } = await makeSubject();
      const [read, write, role] = [`${fresh("a")}:read`, `${fresh("b")}:write`, fresh("role")];
      await roles.definePermissions([
        { name: write, description: "first" },
        { name: read, description: null },
      ]);
      await roles.definePermissions([{ name: write, description: "second" }]);
      const known = (await roles.listPermissions()).filter(({ name }) => name === read || name === write);
      expect(known).toEqual([
        { name: read, description: null },
        { name: write, description: "second" },
      ]);
      const defined = { name: role, description: "what it is for", permissions: [write, read, write] };
      expect(await roles.defineRole(defined, by, NOW)).toEqual({ unknownPermissions: [] });
      const find = async () => (await roles.listRoles()).find(({ name }) => name === role);
      expect(await find()).toEqual({ ...defined, permissions: [read, write] });
      await roles.defineRole({ name: role, description: null, permissions: [read] }, by, NOW);
      expect(await find()).toEqual({ name: role, description: null, permissions: [read] });
      const unknown = { name: role, description: "x", permissions: [write, "no:such", "nor:this"] };
      expect(await roles.defineRole(unknown, by, NOW)).toEqual({ unknownPermissions: ["no:such", "nor:this"] });
      expect(await find()).toEqual({ name: role, description: null, permissions: [read] });
    });

    test("gives a role to a user, once a scope, and takes it back", async () => {
      const subject = await makeSubject();
      const { roles } = subject;
      const { role, permissions } = await addRole(subject, "read", "write");
      const { id: userId } = await writeUser(subject, profileOf(), NOW);
      const [storeId, organizationId] = [fresh("store"), fresh("organization")];
      await subject.addStore(storeId);
      await subject.addOrganization(organizationId);
      const first = await roles.grant(role, { userId }, everywhere, by, NOW);
      expect(first).toEqual({
        outcome: "granted",
        grant: {
          id: expect.any(String),
          role,
          userId,
          email: null,
          ...everywhere,
          grantedBy: "authctl",
          grantedAt: NOW,
        },
      });
      expect(await roles.grant(role, { userId }, everywhere, { id: "else" }, LATER)).toEqual({
        ...first,
        outcome: "held",
      } as never);
      const inStore = { storeId, organizationId: null };
      const inOrganization = { storeId: null, organizationId };
      await roles.grant(role, { userId }, inStore, by, LATER);
      await roles.grant(role, { userId }, inOrganization, by, LATEST);
      expect((await roles.listGrants({ grantee: { userId } }, 10)).map(({ grantedAt }) => grantedAt)).toEqual([
        LATEST,
        LATER,
        NOW,
      ]);
      expect(await roles.listGrants({ grantee: { userId } }, 2)).toHaveLength(2);
      expect((await roles.listGrants({ role }, 10)).map((grant) => grant.userId)).toEqual([userId, userId, userId]);
      const may = await roles.findPermissions(userId);
      expect(may).toHaveLength(6);
      expect(may).toContainEqual({ permission: permissions[0] ?? "", ...inStore });
      expect(may).toContainEqual({ permission: permissions[1] ?? "", ...inOrganization });
      const [revoked] = await roles.revoke(role, { userId }, everywhere, by, LATER);
      expect(revoked).toEqual(first.grant as NonNullable<typeof first.grant>);
      expect(await roles.revoke(role, { userId }, everywhere, by, LATER)).toEqual([]);
      expect(await roles.findPermissions(userId)).toHaveLength(4);
      const grantId = first.grant?.id;
      const log = await subject.activities.listByUser(userId, 20);
      const of = log.filter(({ details }) => details.grantId === grantId);
      expect(of.map(({ type }) => type)).toEqual(["role.revoked", "role.granted"]);
      expect(of[0]).toEqual({
        id: expect.any(String),
        userId,
        type: "role.revoked",
        at: LATER,
        ipAddress: "192.0.2.7",
        userAgent: "contract/1.0",
        details: { grantId, role, by: "authctl" },
      });
    });

    test("says what is unknown, and gives nothing then", async () => {
      const subject = await makeSubject();
      const { role } = await addRole(subject, "read");
      const { id: userId } = await writeUser(subject, profileOf(), NOW);
      const grant = (name: string, id: string, scope = everywhere) =>
        subject.roles.grant(name, { userId: id }, scope, by, NOW);
      expect(await grant(fresh("no-role"), userId)).toEqual({ outcome: "role_unknown" });
      expect(await grant(role, fresh("no-user"))).toEqual({ outcome: "user_unknown" });
      await expect(grant(role, userId, { storeId: fresh("no-store"), organizationId: null })).rejects.toThrow(
        "user_roles_store_id_fkey",
      );
      const { id: gone } = await writeUser(subject, profileOf(), NOW);
      await subject.users.markDeleted(gone, NOW);
      expect(await grant(role, gone)).toEqual({ outcome: "user_unknown" });
      expect(await subject.roles.listGrants({ role }, 10)).toEqual([]);
    });

    test("what a disabled or deleted user had is not effective; a deleted role is nobody's", async () => {
      const subject = await makeSubject();
      const { roles } = subject;
      const { role } = await addRole(subject, "read");
      const profile = profileOf();
      await writeUser(subject, profile, NOW);
      await roles.grant(role, { userId: profile.id }, everywhere, by, NOW);
      await writeUser(subject, { ...profile, enabled: false }, NOW);
      expect(await roles.findPermissions(profile.id)).toEqual([]);
      await writeUser(subject, profile, NOW);
      expect(await roles.findPermissions(profile.id)).toHaveLength(1);
      await subject.users.markDeleted(profile.id, NOW);
      expect(await roles.findPermissions(profile.id)).toEqual([]);
      await writeUser(subject, profile, NOW);
      expect(await roles.deleteRole(role, by, NOW)).toBe(true);
      expect(await roles.deleteRole(role, by, NOW)).toBe(false);
      expect(await roles.findPermissions(profile.id)).toEqual([]);
      expect((await logOf(subject, profile.id)).at(-1)).toMatchObject({ type: "role.revoked", details: { role } });
    });
  });

  grantsToEmails(name, makeSubject);
}

function grantsToEmails(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: grants to an email`, () => {
    test("are its verified owner's at once", async () => {
      const subject = await makeSubject();
      const { role } = await addRole(subject, "read");
      const profile = profileOf({ emailVerified: true });
      await writeUser(subject, profile, NOW);
      const email = profile.email?.toUpperCase() ?? "";
      const { grant } = await subject.roles.grant(role, { email }, everywhere, by, NOW);
      expect([grant?.userId, grant?.email]).toEqual([profile.id, null]);
      expect((await subject.roles.grant(role, { email }, everywhere, by, NOW)).outcome).toBe("held");
    });

    test("wait while the email is not verified, and can be taken back meanwhile", async () => {
      const subject = await makeSubject();
      const { roles } = subject;
      const { role } = await addRole(subject, "read");
      const profile = profileOf({ emailVerified: false });
      const email = profile.email ?? "";
      const { grant } = await roles.grant(role, { email: email.toUpperCase() }, everywhere, by, NOW);
      expect([grant?.userId, grant?.email]).toEqual([null, email.toUpperCase()]);
      await writeUser(subject, profile, NOW);
      expect(await roles.findPermissions(profile.id)).toEqual([]);
      expect(await roles.listGrants({ grantee: { email } }, 10)).toEqual(grant ? [grant] : []);
      expect(await roles.revoke(role, { email }, everywhere, by, NOW)).toEqual(grant ? [grant] : []);
      await writeUser(subject, { ...profile, emailVerified: true }, NOW);
      expect(await roles.findPermissions(profile.id)).toEqual([]);
    });

    test("are taken over when Keycloak says that the email is verified", async () => {
      const subject = await makeSubject();
      const { roles } = subject;
      const { role, permissions } = await addRole(subject, "read");
      const profile = profileOf({ emailVerified: false });
      const email = profile.email ?? "";
      const { grant } = await roles.grant(role, { email }, everywhere, by, NOW);
      await writeUser(subject, profile, NOW);
      await writeUser(subject, { ...profile, emailVerified: true, email: email.toUpperCase() }, LATER);
      expect(await roles.findPermissions(profile.id)).toEqual([{ permission: permissions[0] ?? "", ...everywhere }]);
      const details = { grantId: grant?.id, role, by: "authctl" };
      expect(await logOf(subject, profile.id)).toEqual([{ type: "role.taken_over", details }]);
      const [taken] = await roles.revoke(role, { email }, everywhere, by, LATER);
      expect(taken).toEqual({ ...grant, userId: profile.id, email: null } as typeof taken & object);
    });

    test("are taken over by a login: the user's first, and a later one where the email was verified before", async () => {
      const subject = await makeSubject();
      const { role, permissions } = await addRole(subject, "read");
      const login = loginOf();
      const { profile, session } = login;
      const grant = () => subject.roles.grant(role, { email: profile.email ?? "" }, everywhere, by, NOW);
      const waiting = await grant();
      await subject.sessions.recordLogin({ ...login, profile: { ...profile, emailVerified: true } });
      expect(await subject.roles.findPermissions(profile.id)).toEqual([
        { permission: permissions[0] ?? "", ...everywhere },
      ]);
      const [taken] = (await subject.activities.listByUser(profile.id, 5)).filter(
        ({ type }) => type === "role.taken_over",
      );
      expect(taken).toMatchObject({ ipAddress: session.ipAddress, details: { grantId: waiting.grant?.id } });
      expect((await grant()).outcome).toBe("held");
    });

    test("are left alone by a login whose email is not verified", async () => {
      const subject = await makeSubject();
      const { role } = await addRole(subject, "read");
      const profile = profileOf({ emailVerified: false });
      const { grant } = await subject.roles.grant(role, { email: profile.email ?? "" }, everywhere, by, NOW);
      await subject.sessions.recordLogin(loginOf({ profile }));
      await subject.sessions.recordLogin(loginOf({ profile }));
      expect(await subject.roles.listGrants({ role }, 10)).toEqual(grant ? [grant] : []);
    });

    test("are left alone by a login whose token names another email, or none that is verified", async () => {
      const subject = await makeSubject();
      const { role } = await addRole(subject, "read");
      const profile = profileOf({ emailVerified: false });
      const { grant } = await subject.roles.grant(role, { email: profile.email ?? "" }, everywhere, by, NOW);
      const other = { ...profile, email: `${fresh("other")}@example.test`, emailVerified: true };
      await writeUser(subject, other, NOW);
      await subject.sessions.recordLogin(loginOf({ profile: { ...profile, emailVerified: true } }));
      await subject.sessions.recordLogin(loginOf({ profile: { ...other, emailVerified: false } }));
      expect(await subject.roles.listGrants({ role }, 10)).toEqual(grant ? [grant] : []);
    });

    test("are taken over once by logins at the same time, whoever gives the role beside them", async () => {
      const subject = await makeSubject();
      const { role } = await addRole(subject, "read");
      const profile = profileOf({ emailVerified: true });
      await subject.roles.grant(role, { email: profile.email ?? "" }, everywhere, by, NOW);
      const logins = Array.from({ length: 6 }, () => subject.sessions.recordLogin(loginOf({ profile })));
      await Promise.all(logins);
      await Promise.all([
        subject.roles.grant(role, { email: profile.email ?? "" }, everywhere, by, NOW),
        subject.roles.grant(role, { userId: profile.id }, everywhere, by, NOW),
        ...Array.from({ length: 4 }, () => subject.sessions.recordLogin(loginOf({ profile }))),
      ]);
      expect(await subject.roles.listGrants({ role }, 10)).toHaveLength(1);
      const log = await subject.activities.listByUser(profile.id, 50);
      expect(log.filter(({ type }) => type === "role.taken_over")).toHaveLength(1);
      expect(log.filter(({ type }) => type === "session.started")).toHaveLength(10);
    });

    test("one that its owner has already goes away", async () => {
      const subject = await makeSubject();
      const { roles } = subject;
      const { role } = await addRole(subject, "read");
      const profile = profileOf({ emailVerified: false });
      await writeUser(subject, profile, NOW);
      await roles.grant(role, { email: profile.email ?? "" }, everywhere, by, NOW);
      const own = await roles.grant(role, { userId: profile.id }, everywhere, by, NOW);
      await writeUser(subject, { ...profile, emailVerified: true }, LATER);
      expect(await roles.listGrants({ role }, 10)).toEqual(own.grant ? [own.grant] : []);
    });
  });
}
