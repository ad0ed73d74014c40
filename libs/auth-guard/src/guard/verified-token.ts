/** What a guard takes from a verified access token. */
export interface VerifiedToken {
  /** Keycloak user id; of a service account, the id of its user. */
  sub: string;
  /** Keycloak session id; null: the token of a service account (client credentials), which has no session. */
  sid: string | null;
  /** `azp`: the client that the token was issued to. */
  clientId: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  /** As `realmRole` and `clientRole` name them. */
  roles: ReadonlySet<string>;
  issuedAt: Date;
  expiresAt: Date;
}

/** Whether there is a live session of this `sid` and `sub`. */
export type IsKnownSession = (sid: string, sub: string) => boolean | Promise<boolean>;

/** PORT: offline verification for guards. */
export interface GuardTokenVerifier {
  /**
   * @param token as it came
   * @param isKnownSession of whom a token with a key that is not known yet may wait for the key
   * @throws AuthError `token.invalid` | `keycloak.unavailable` (its key could not be fetched)
   */
  verify(token: string, isKnownSession: IsKnownSession): Promise<VerifiedToken>;
  /** @param listener called when a key that was good is not any more: what was verified before may be so no longer */
  onKeysRemoved?(listener: () => void): void;
}
