import { describe, expect, test } from "bun:test";
import { createInMemoryRepositories, InMemoryDatabase } from "@libs/database/testing";
import { type AuthErrorCode, isAuthError, SetupError } from "@libs/problems";
import { createSyncFixture } from "../../testing/sync-fixture.ts";
import { registerUser } from "../registration/register-user.ts";
import { AccessService } from "./access-service.ts";
import { definePermissions, type PermissionOf } from "./define-permissions.ts";

const permissions = definePermissions({ "orders:read": "See orders.", "orders:write": "Place orders." });
const by = { id: "test" };

async function createAccess(database = new InMemoryDatabase()) {
  const access = new AccessService(createInMemoryRepositories(database), { now: () => new Date(0) });
  await access.registerPermissions(permissions);
  await access.defineRole({ name: "clerk", permissions: ["orders:read"] }, by);
  return access;
}

async function codeOf(work: Promise<unknown>): Promise<AuthErrorCode | undefined> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isAuthError(error) ? error.code : undefined;
}

describe("definePermissions", () => {
  test("keeps the names as types", () => {
    const name: PermissionOf<typeof permissions> = "orders:read";
    expect(permissions[name]).toBe("See orders.");
    // @ts-expect-error not in the registry
    const wrong: PermissionOf<typeof permissions> = "orders:delete";
    expect(wrong in permissions).toBe(false);
  });

  test("refuses what is not resource:action", () => {
    expect(() => definePermissions({ "Orders:Read all": "" })).toThrow(SetupError);
  });
});

describe("AccessService", () => {
  test("says what does not exist", async () => {
    const access = await createAccess();
    const to = { userId: "nobody" };
    expect(await codeOf(access.defineRole({ name: "x", permissions: ["no:such"] }, by))).toBe(
      "access.permission_unknown",
    );
    expect(await codeOf(access.defineRole({ name: "Not a name", permissions: [] }, by))).toBe("input.invalid");
    expect(await codeOf(access.deleteRole("none", by))).toBe("access.role_unknown");
    expect(await codeOf(access.grant({ role: "none", to }, by))).toBe("access.role_unknown");
    expect(await codeOf(access.grant({ role: "clerk", to }, by))).toBe("access.user_unknown");
    const email = { email: "ada@example.com" };
    const inStore = { role: "clerk", to: email, scope: { storeId: "none" } };
    expect(await codeOf(access.grant(inStore, by))).toBe("access.store_unknown");
    const inOrganization = { role: "clerk", to: email, scope: { organizationId: "none" } };
    expect(await codeOf(access.grant(inOrganization, by))).toBe("access.organization_unknown");
    expect(await access.listGrants()).toEqual([]);
  });

  test("a role given to an email is not its registrant's until the email is verified", async () => {
    const { deps, database } = createSyncFixture();
    const access = await createAccess(database);
    const to = { email: "Ada@example.com" };
    expect((await access.grant({ role: "clerk", to }, by)).isNew).toBe(true);
    expect((await access.grant({ role: "clerk", to }, by)).isNew).toBe(false);
    const person = {
      username: "ada",
      email: "ada@example.com",
      firstName: "Ada",
      lastName: "L",
      password: "correct horse battery",
    };
    const user = await registerUser(deps, person);
    expect(await access.permissionsOf(user.id)).toEqual([]);
    const { id, username, email, firstName, lastName, enabled } = user;
    const profile = { id, username, email, firstName, lastName, enabled, emailVerified: true };
    await deps.users.applyProfiles([profile], await deps.tickets.next(), deps.now());
    expect((await access.permissionsOf(user.id)).map(({ permission }) => permission)).toEqual(["orders:read"]);
    expect(await access.revoke({ role: "clerk", to }, by)).toHaveLength(1);
    expect(await access.permissionsOf(user.id)).toEqual([]);
  });
});
