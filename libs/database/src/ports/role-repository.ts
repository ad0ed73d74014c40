/** Where a grant holds: in one store, in one organization, or everywhere (neither). Never both. */
export interface Scope {
  storeId: string | null;
  organizationId: string | null;
}

/** A named set of permissions. */
export interface Role {
  name: string;
  description: string | null;
  /** `resource:action`, sorted. */
  permissions: string[];
}

export interface Permission {
  /** `resource:action` */
  name: string;
  description: string | null;
}

/** Who gets a role: a user, or whoever proves to own an email address. */
export type Grantee = { userId: string } | { email: string };

/** Who makes a change, and from where. */
export interface Actor {
  /** A user id, or a word such as `authctl`. */
  id: string;
  ipAddress?: string | null;
  userAgent?: string | null;
}

/** A role that somebody has, or waits for an email to be verified. Exactly one of `userId` and `email` is set. */
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

/** What a user may do, and where. */
export interface PermissionGrant extends Scope {
  permission: string;
}

/** Which grants. Left out: all. */
export interface GrantFilter {
  role?: string;
  /** By email (compared without case): both what waits for it and what its user has. */
  grantee?: Grantee;
}

export type GrantOutcome =
  | { outcome: "granted" | "held"; grant: RoleGrant }
  | { outcome: "role_unknown" | "user_unknown"; grant?: undefined };

/**
 * PORT: the application's own roles and permissions. Every change is one transaction with its row in the activity log.
 *
 * A grant to an email is taken over by the user whose *verified* email it is: at once where there is one, else when a
 * login, a registration or a read of Keycloak brings that user (`SessionRepository.recordLogin`,
 * `RegistrationRepository.complete`, `UserRepository.applyProfiles`).
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
