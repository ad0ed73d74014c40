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
  /** Realm roles by name, client roles as `client:role`. */
  roles: ReadonlySet<string>;
  issuedAt: Date;
  expiresAt: Date;
}

/** PORT: offline verification for guards. */
export interface GuardTokenVerifier {
  /**
   * @param token as it came, of any length
   * @throws AuthError `token.invalid` | `keycloak.unavailable` (no key was ever fetched)
   */
  verify(token: string): Promise<VerifiedToken>;
}
