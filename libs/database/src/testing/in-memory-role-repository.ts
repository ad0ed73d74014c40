import { randomUUID } from "node:crypto";
import { ForeignKeyViolationError } from "@libs/postgres";
import type {
  Actor,
  Grantee,
  GrantFilter,
  GrantOutcome,
  Permission,
  PermissionGrant,
  Role,
  RoleGrant,
  RoleRepository,
  Scope,
} from "../ports/role-repository.ts";
import type { User } from "../ports/user-repository.ts";
import { grantDetails, type InMemoryDatabase, sameGrant, sameName } from "./in-memory-database.ts";

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

/** Passes the contract of the real one. */
export class InMemoryRoleRepository implements RoleRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async definePermissions(permissions: readonly Permission[]): Promise<void> {
    for (const { name, description } of permissions) this.database.permissions.set(name, description);
  }

  async listPermissions(): Promise<Permission[]> {
    return [...this.database.permissions].map(([name, description]) => ({ name, description })).sort(byName);
  }

  async defineRole(role: Role, by: Actor, now: Date): Promise<{ unknownPermissions: string[] }> {
    const { name, description } = role;
    const permissions = [...new Set(role.permissions)].sort();
    const unknownPermissions = permissions.filter((permission) => !this.database.permissions.has(permission));
    if (unknownPermissions.length > 0) return { unknownPermissions };
    const before = this.database.roles.get(name);
    this.database.roles.set(name, { name, description, permissions });
    const added = permissions.filter((permission) => !before?.permissions.includes(permission));
    const removed = before?.permissions.filter((permission) => !permissions.includes(permission)) ?? [];
    if (!before || before.description !== description || added.length > 0 || removed.length > 0)
      this.#log("role.defined", null, { role: name, by: by.id, added, removed }, by, now);
    return { unknownPermissions: [] };
  }

  async deleteRole(name: string, by: Actor, now: Date): Promise<boolean> {
    if (!this.database.roles.delete(name)) return false;
    this.#log("role.deleted", null, { role: name, by: by.id }, by, now);
    for (const grant of this.database.roleGrants.values()) if (grant.role === name) this.#remove(grant, by, now);
    return true;
  }

  async listRoles(): Promise<Role[]> {
    return structuredClone([...this.database.roles.values()]).sort(byName);
  }

  async grant(role: string, grantee: Grantee, scope: Scope, by: Actor, now: Date): Promise<GrantOutcome> {
    const { storeId, organizationId } = scope;
    if (!this.database.roles.has(role)) return { outcome: "role_unknown" };
    const owner = this.#owner(grantee);
    if ("userId" in grantee && !owner) return { outcome: "user_unknown" };
    const held = this.#find(grantee).find((grant) => sameGrant(grant, { role, storeId, organizationId }));
    if (held) return { outcome: "held", grant: structuredClone(held) };
    if (storeId !== null && !this.database.stores.has(storeId))
      throw new ForeignKeyViolationError("user_roles_store_id_fkey");
    if (organizationId !== null && !this.database.organizations.has(organizationId))
      throw new ForeignKeyViolationError("user_roles_organization_id_fkey");
    const grant: RoleGrant = {
      id: randomUUID(),
      role,
      storeId,
      organizationId,
      grantedBy: by.id,
      grantedAt: now,
      userId: owner?.id ?? null,
      email: !owner && "email" in grantee ? grantee.email : null,
    };
    this.database.roleGrants.set(grant.id, grant);
    this.#log("role.granted", grant.userId, grantDetails(grant), by, now);
    return { outcome: "granted", grant: structuredClone(grant) };
  }

  async revoke(role: string, grantee: Grantee, scope: Scope, by: Actor, now: Date): Promise<RoleGrant[]> {
    const grants = this.#find(grantee).filter((grant) => sameGrant(grant, { role, ...scope }));
    for (const grant of grants) this.#remove(grant, by, now);
    return structuredClone(grants);
  }

  async listGrants({ role, grantee }: GrantFilter, limit: number): Promise<RoleGrant[]> {
    const grants = grantee ? this.#find(grantee) : [...this.database.roleGrants.values()];
    return structuredClone(
      grants
        .filter((grant) => role === undefined || grant.role === role)
        .sort((a, b) => b.grantedAt.getTime() - a.grantedAt.getTime() || (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    );
  }

  async findPermissions(userId: string): Promise<PermissionGrant[]> {
    const user = this.database.users.get(userId);
    if (!user?.enabled || user.deletedAt) return [];
    const found = new Map<string, PermissionGrant>();
    for (const { role, storeId, organizationId } of this.#find({ userId }))
      for (const permission of this.database.roles.get(role)?.permissions ?? [])
        found.set(JSON.stringify([permission, storeId, organizationId]), { permission, storeId, organizationId });
    return [...found.values()];
  }

  /** Whose grant it is at once. */
  #owner(grantee: Grantee): User | undefined {
    return [...this.database.users.values()].find(({ id, email, emailVerified, deletedAt }) => {
      if (deletedAt) return false;
      return "userId" in grantee
        ? id === grantee.userId
        : emailVerified && email !== null && sameName(email, grantee.email);
    });
  }

  #find(grantee: Grantee): RoleGrant[] {
    const grants = [...this.database.roleGrants.values()];
    if ("userId" in grantee) return grants.filter(({ userId }) => userId === grantee.userId);
    const owners = [...this.database.users.values()]
      .filter(({ email, deletedAt }) => !deletedAt && email !== null && sameName(email, grantee.email))
      .map(({ id }) => id);
    return grants.filter(({ userId, email }) =>
      email === null ? owners.includes(userId ?? "") : sameName(email, grantee.email),
    );
  }

  #remove(grant: RoleGrant, by: Actor, now: Date): void {
    this.database.roleGrants.delete(grant.id);
    this.#log("role.revoked", grant.userId, { ...grantDetails(grant), by: by.id }, by, now);
  }

  #log(
    type: "role.granted" | "role.revoked" | "role.defined" | "role.deleted",
    userId: string | null,
    details: Record<string, unknown>,
    { ipAddress = null, userAgent = null }: Actor,
    at: Date,
  ): void {
    this.database.log({ userId, type, at, ipAddress, userAgent, details });
  }
}
