/**
 * Where a grant holds: in one store, in one organization, or everywhere (neither). Never both.
 * @see {@link RoleRepository}
 */
export interface Scope {
  storeId: string | null;
  organizationId: string | null;
}

/**
 * A named set of permissions.
 * @see {@link RoleRepository}
 */
export interface Role {
  name: string;
  description: string | null;
  /** `resource:action`, sorted. */
  permissions: string[];
}

/**
 * Something that the application lets people do.
 * @see {@link RoleRepository}
 */
export interface Permission {
  /** `resource:action` */
  name: string;
  description: string | null;
}

/**
 * Who gets a role: a user, or whoever proves to own an email address.
 * @see {@link RoleRepository}
 */
export type Grantee = { userId: string } | { email: string };

/**
 * Who makes a change, and from where.
 * @see {@link RoleRepository}
 */
export interface Actor {
  /** A user id, or a word such as `authctl`. */
  id: string;
  ipAddress?: string | null;
  userAgent?: string | null;
}

/**
 * A role that somebody has, or waits for an email to be verified. Exactly one of `userId` and `email` is set.
 * @see {@link RoleRepository}
 */
export interface RoleGrant extends Scope {
  id: string;
  role: string;
  userId: string | null;
  /** Set until a user takes the grant over. */
  email: string | null;
  /** Null: not known. */
  grantedBy: string | null;
  grantedAt: Date;
}

/**
 * What a user may do, and where.
 * @see {@link RoleRepository}
 */
export interface PermissionGrant extends Scope {
  permission: string;
}

/**
 * Which grants. Left out: all.
 * @see {@link RoleRepository}
 */
export interface GrantFilter {
  role?: string;
  /** By email (compared without case): both what waits for it and what its user has. */
  grantee?: Grantee;
}

/**
 * What became of a grant.
 * @see {@link RoleRepository}
 */
export type GrantOutcome =
  | { outcome: "granted" | "held"; grant: RoleGrant }
  | { outcome: "role_unknown" | "user_unknown"; grant?: undefined };

/**
 * PORT: the application's own roles and permissions. Every change is one transaction with its row in the activity log.
 *
 * A grant to an email is taken over by the user whose *verified* email it is: at once where there is one, else when a
 * login, a registration or a read of Keycloak brings that user (`SessionRepository.recordLogin`,
 * `RegistrationRepository.complete`, `UserRepository.applyProfiles`).
 * @example
 * ```ts
 * import type {
 *   Actor,
 *   Grantee,
 *   GrantFilter,
 *   GrantOutcome,
 *   Permission,
 *   PermissionGrant,
 *   Role,
 *   RoleGrant,
 *   RoleRepository,
 *   Scope,
 * } from "@libs/database";
 *
 * const read: Permission = { name: "orders:read", description: "See a store's orders" };
 * const clerk: Role = { name: "clerk", description: null, permissions: [read.name] };
 * const by: Actor = { id: "authctl" };
 * const inStore: Scope = { storeId: "7d0c…", organizationId: null };
 * const ada: Grantee = { email: "ada@example.com" };
 * const filter: GrantFilter = { role: "clerk", grantee: ada };
 *
 * export async function hire(roles: RoleRepository, now: Date): Promise<PermissionGrant[]> {
 *   await roles.definePermissions([read]);
 *   await roles.defineRole(clerk, by, now);
 *   const { outcome }: GrantOutcome = await roles.grant(clerk.name, ada, inStore, by, now);
 *   if (outcome === "user_unknown" || outcome === "role_unknown") throw new Error(outcome);
 *   const [held]: RoleGrant[] = await roles.listGrants(filter, 10);
 *   return held?.userId ? roles.findPermissions(held.userId) : [];
 * }
 * ```
 */
export interface RoleRepository {
  /** Adds permissions, or changes their descriptions. None is ever removed. */
  definePermissions(permissions: readonly Permission[]): Promise<void>;
  /** Sorted by name. */
  listPermissions(): Promise<Permission[]>;
  /**
   * Adds a role, or gives it this description and exactly these permissions; logs `role.defined` where that changes it.
   * @returns the permissions that do not exist: with any, nothing is written
   */
  defineRole(role: Role, by: Actor, now: Date): Promise<{ unknownPermissions: string[] }>;
  /** Removes a role with all its grants; logs `role.deleted`. @returns whether there was one */
  deleteRole(name: string, by: Actor, now: Date): Promise<boolean>;
  /** Sorted by name. */
  listRoles(): Promise<Role[]>;
  /**
   * Gives a role; logs `role.granted`. A user or email that has it in this scope already keeps the first grant: `held`.
   * @throws ForeignKeyViolationError when the store or organization does not exist
   */
  grant(role: string, grantee: Grantee, scope: Scope, by: Actor, now: Date): Promise<GrantOutcome>;
  /**
   * Takes a role back; logs `role.revoked`. By email: both what waits for it and what its user has.
   * @returns the grants as they were
   */
  revoke(role: string, grantee: Grantee, scope: Scope, by: Actor, now: Date): Promise<RoleGrant[]>;
  /** Newest first. */
  listGrants(filter: GrantFilter, limit: number): Promise<RoleGrant[]>;
  /** What a live, enabled user may do; each permission once a scope. */
  findPermissions(userId: string): Promise<PermissionGrant[]>;
}
