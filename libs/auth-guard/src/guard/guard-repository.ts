/** A permission that a user has through a role, and where it holds; both null: everywhere. */
export interface Grant {
  /** `resource:action` */
  permission: string;
  storeId: string | null;
  organizationId: string | null;
}

/** A live session, as far as a guard needs it. */
export interface GuardedSession {
  sessionId: string;
  userId: string;
  startedAt: Date;
}

/** A user who may act: neither disabled nor deleted. */
export interface GuardedUser {
  storeId: string | null;
  organizationId: string | null;
  grants: Grant[];
}

/** PORT: what is asked about the bearer of an access token, each in one round trip. */
export interface GuardRepository {
  /** @param keycloakSessionId `sid` @returns null when there is no such session, or it has ended */
  findSession(keycloakSessionId: string): Promise<GuardedSession | null>;
  /** @returns null when the user is not known, disabled or deleted */
  findUser(userId: string): Promise<GuardedUser | null>;
  /** @returns null when there is no such store, or it belongs to none */
  findOrganizationOfStore(storeId: string): Promise<string | null>;
}
