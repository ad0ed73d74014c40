import type { Grant } from "./guard-repository.ts";
import type { VerifiedToken } from "./verified-token.ts";

/**
 * Where a permission must hold. `organizationId` beside a `storeId`: the one that the store belongs to.
 * @see {@link GuardUser}
 */
export interface Scope {
  storeId?: string | null;
  organizationId?: string | null;
}

/**
 * Who sends the request. Names and roles are the token's, the rest is the database's.
 * @example
 * ```ts
 * import type { GuardSession, GuardUser, Principal, Scope } from "@libs/auth-guard";
 *
 * const inStore: Scope = { storeId: "7d0c…", organizationId: "1f42…" };
 * export const mayRefund = (user: GuardUser) => user.hasRole("finance") && user.can("orders:write", inStore);
 * export const ageMs = (session: GuardSession) => Date.now() - session.startedAt.getTime();
 * export const describe = ({ user, session }: Principal) => `${user.username} by ${session.clientId}`;
 * ```
 */
export class GuardUser {
  /** Keycloak user id. */
  readonly id: string;
  /** `service`: a service account, on routes that let them in. */
  readonly kind: "person" | "service";
  readonly username: string;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** The user's own store and organization: a preference, no right. */
  readonly storeId: string | null;
  readonly organizationId: string | null;
  readonly roles: ReadonlySet<string>;
  readonly grants: readonly Grant[];

  constructor(
    token: VerifiedToken,
    own: { storeId: string | null; organizationId: string | null; grants: readonly Grant[] },
  ) {
    this.id = token.sub;
    this.kind = token.sid === null ? "service" : "person";
    this.username = token.username;
    this.email = token.email;
    this.emailVerified = token.emailVerified;
    this.firstName = token.firstName;
    this.lastName = token.lastName;
    this.storeId = own.storeId;
    this.organizationId = own.organizationId;
    this.roles = token.roles;
    this.grants = own.grants;
  }

  /** @param role a realm role by name (`:name` where it has a colon), or `client:role` */
  hasRole(role: string): boolean {
    return this.roles.has(role);
  }

  /**
   * Whether a permission holds in a scope. Without one, only a permission that holds everywhere counts. A permission in
   * an organization holds in its stores where `organizationId` says which one the store belongs to.
   */
  can(permission: string, { storeId = null, organizationId = null }: Scope = {}): boolean {
    return this.grants.some((grant) => {
      if (grant.permission !== permission) return false;
      if (grant.storeId !== null) return grant.storeId === storeId;
      return grant.organizationId === null || grant.organizationId === organizationId;
    });
  }
}

/**
 * The session that the request's token belongs to.
 * @see {@link GuardUser}
 */
export interface GuardSession {
  /** Our session id; of a service account, empty: it has none. */
  id: string;
  /** Keycloak's `sid`; of a service account, empty. */
  keycloakSessionId: string;
  /** When the person logged in; of a service account, when its token was issued. */
  startedAt: Date;
  /** When the access token ends. */
  tokenExpiresAt: Date;
  /** The client that the token was issued to. */
  clientId: string;
}

/**
 * Who a verified token stands for: what {@link Guard} finds out about a request.
 * @see {@link GuardUser}
 */
export interface Principal {
  readonly user: GuardUser;
  readonly session: GuardSession;
}
