import type {
  Actor,
  Grantee,
  GrantFilter,
  Permission,
  PermissionGrant,
  Repositories,
  Role,
  RoleGrant,
} from "@libs/database";
import { AuthError } from "@libs/problems";
import { authErrors } from "../shared/database-failure.ts";
import { type GrantScope, toScope, unknownScope } from "./grant-scope.ts";

/**
 * A role for somebody.
 * @see {@link AccessService}
 */
export interface RoleAssignment {
  role: string;
  /** A user; or an email, whose owner gets the role as soon as the email is verified. */
  to: Grantee;
  /** Default: everywhere. */
  scope?: GrantScope;
}

/**
 * A role, and exactly what it permits.
 * @see {@link AccessService}
 */
export interface RoleDefinition {
  name: string;
  description?: string | null;
  permissions: readonly string[];
}

const roleNameForm = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

/**
 * The application's own roles and permissions: who may do what, and where. Every change is in the activity log, with who
 * made it, and guards learn of it within a second.
 * @example
 * ```ts
 * import { createRepositories, PrismaClient } from "@libs/database";
 * import {
 *   AccessService,
 *   type GrantScope,
 *   type RoleAssignment,
 *   type RoleDefinition,
 * } from "@libs/keycloak-authV2/services/access";
 *
 * const access = new AccessService(createRepositories(new PrismaClient()));
 * const by = { id: "authctl" };
 * const clerk: RoleDefinition = { name: "clerk", permissions: ["orders:read"] };
 * const scope: GrantScope = { storeId: "7d0c…" };
 * const assignment: RoleAssignment = { role: "clerk", to: { email: "ada@example.com" }, scope };
 *
 * await access.registerPermissions({ "orders:read": "See a store's orders" });
 * await access.defineRole(clerk, by);
 * export const { grant, isNew } = await access.grant(assignment, by);
 * ```
 */
export class AccessService {
  readonly #roles: Repositories["roles"];
  readonly #now: () => Date;

  constructor({ roles }: Pick<Repositories, "roles">, { now = () => new Date() }: { now?: () => Date } = {}) {
    this.#roles = roles;
    this.#now = now;
  }

  /** Makes a service's permissions known, so that roles can hold them; at each start. @param registry of `definePermissions` */
  registerPermissions(registry: Readonly<Record<string, string>>): Promise<void> {
    const permissions = Object.entries(registry).map(([name, description]) => ({ name, description }));
    return authErrors(() => this.#roles.definePermissions(permissions));
  }

  listPermissions(): Promise<Permission[]> {
    return authErrors(() => this.#roles.listPermissions());
  }

  /**
   * Adds a role, or gives it exactly these permissions.
   * @throws AuthError `input.invalid` | `access.permission_unknown`, with which ones in `internal`
   */
  async defineRole({ name, description = null, permissions }: RoleDefinition, by: Actor): Promise<void> {
    if (!roleNameForm.test(name)) {
      const message = "must be 1 to 64 characters of a-z, 0-9, _, . and -";
      throw new AuthError("input.invalid", { errors: [{ path: "name", message }], internal: `the name ${message}` });
    }
    const role = { name, description, permissions: [...permissions] };
    const { unknownPermissions } = await authErrors(() => this.#roles.defineRole(role, by, this.#now()));
    if (unknownPermissions.length > 0)
      throw new AuthError("access.permission_unknown", { internal: `unknown: ${unknownPermissions.join(", ")}` });
  }

  /** Removes a role; whoever had it has it no more. @throws AuthError `access.role_unknown` */
  async deleteRole(name: string, by: Actor): Promise<void> {
    if (!(await authErrors(() => this.#roles.deleteRole(name, by, this.#now()))))
      throw new AuthError("access.role_unknown");
  }

  listRoles(): Promise<Role[]> {
    return authErrors(() => this.#roles.listRoles());
  }

  /**
   * Gives a role; one that is held in this scope already stays as it is.
   * @returns the grant, and whether it is new
   * @throws AuthError `access.role_unknown` | `access.user_unknown` | `access.store_unknown` | `access.organization_unknown`
   */
  async grant({ role, to, scope }: RoleAssignment, by: Actor): Promise<{ grant: RoleGrant; isNew: boolean }> {
    const result = await authErrors(() =>
      this.#roles.grant(role, to, toScope(scope), by, this.#now()).catch(unknownScope),
    );
    if (!result.grant) throw new AuthError(`access.${result.outcome}`);
    return { grant: result.grant, isNew: result.outcome === "granted" };
  }

  /** Takes a role back, in exactly this scope. @returns the grants that there were */
  revoke({ role, to, scope }: RoleAssignment, by: Actor): Promise<RoleGrant[]> {
    return authErrors(() => this.#roles.revoke(role, to, toScope(scope), by, this.#now()));
  }

  /** Newest first. */
  listGrants(filter: GrantFilter = {}, limit = 1000): Promise<RoleGrant[]> {
    return authErrors(() => this.#roles.listGrants(filter, limit));
  }

  /** What a user may do, and where; nothing while disabled or deleted. */
  permissionsOf(userId: string): Promise<PermissionGrant[]> {
    return authErrors(() => this.#roles.findPermissions(userId));
  }
}
