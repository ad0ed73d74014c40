/**
 * A permission that a user has through a role, and where it holds; both null: everywhere.
 * @see {@link GuardRepository}
 */
export interface Grant {
  /** `resource:action` */
  permission: string;
  storeId: string | null;
  organizationId: string | null;
}

/**
 * A live session, as far as a guard needs it.
 * @see {@link GuardRepository}
 */
export interface GuardedSession {
  sessionId: string;
  userId: string;
  startedAt: Date;
}

/**
 * A user who may act: neither disabled nor deleted.
 * @see {@link GuardRepository}
 */
export interface GuardedUser {
  storeId: string | null;
  organizationId: string | null;
  grants: Grant[];
}

/**
 * PORT: what is asked about the bearer of an access token, each in one round trip.
 * @example
 * ```ts
 * import type { Grant, GuardedSession, GuardedUser, GuardRepository } from "@libs/auth-guard";
 *
 * const grants: Grant[] = [{ permission: "orders:read", storeId: null, organizationId: null }];
 *
 * // One person, for a test.
 * export class OnePerson implements GuardRepository {
 *   findSession = async (sid: string): Promise<GuardedSession | null> =>
 *     sid === "s1" ? { sessionId: "1", userId: "ada", startedAt: new Date() } : null;
 *   findUser = async (id: string): Promise<GuardedUser | null> =>
 *     id === "ada" ? { storeId: null, organizationId: null, grants } : null;
 *   findOrganizationOfStore = async () => null;
 * }
 * ```
 */
export interface GuardRepository {
  /** @param keycloakSessionId `sid` @returns null when there is no such session, or it has ended */
  findSession(keycloakSessionId: string): Promise<GuardedSession | null>;
  /** @returns null when the user is not known, disabled or deleted */
  findUser(userId: string): Promise<GuardedUser | null>;
  /** @returns null when there is no such store, or it belongs to none */
  findOrganizationOfStore(storeId: string): Promise<string | null>;
}
