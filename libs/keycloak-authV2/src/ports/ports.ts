import type { UserProfile } from "./user-profile.ts";

/**
 * What this library needs from Keycloak, in its own words. `keycloak/*` adapts the real one, `testing/*` an in-memory
 * one; both pass the same contract suites. Every method rejects with an `AuthError` and nothing else.
 */

export * from "./authentication.ts";
export * from "./event-ports.ts";
export * from "./server-ports.ts";

/**
 * The user attribute that ties a Keycloak user to the registration which created it. Declared in the realm's user
 * profile; administrators alone see and set it.
 * @see {@link KeycloakUserRepository}
 */
export const REGISTRATION_MARK = "registrationId";

/**
 * A user as Keycloak has it.
 * @see {@link KeycloakUserRepository}
 */
export interface KeycloakUser {
  id: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  enabled: boolean;
  createdAt: Date | null;
  /** Empty in brief answers (lists). */
  attributes: Record<string, string[]>;
  requiredActions: string[];
  /** Tokens of this user that were issued before are refused: set by an administrator's sign-out. null: none are. */
  notBefore: Date | null;
}

/**
 * What is known of a user's password; never what it is.
 * @see {@link KeycloakUserRepository}
 */
export interface KeycloakPassword {
  /** null: a federation keeps it, and Keycloak does not know. */
  setAt: Date | null;
}

/**
 * A user to create in Keycloak.
 * @see {@link KeycloakUserRepository}
 */
export interface NewKeycloakUser {
  username: string;
  /** Left out: none, where the realm asks for none. */
  email?: string;
  firstName?: string;
  lastName?: string;
  password: string;
  emailVerified: boolean;
  /** Sent explicitly: Keycloak's default is false. */
  enabled: boolean;
  attributes?: Record<string, string[]>;
}

/**
 * Fields of a user to change in Keycloak; what is left out stays.
 * @see {@link KeycloakUserRepository}
 */
export interface KeycloakUserPatch {
  email?: string;
  firstName?: string;
  lastName?: string;
  emailVerified?: boolean;
  enabled?: boolean;
  attributes?: Record<string, string[]>;
}

/**
 * Which users to list or count; the conditions add up.
 * @see {@link KeycloakUserRepository}
 */
export interface UserSearch {
  /** Offset; 0 when left out. */
  first?: number;
  /** Page size; 100 when left out. */
  max?: number;
  /** Beginning of a name or of the email; `*` is everybody. Leaves service accounts out, whatever else is asked for. */
  search?: string;
  username?: string;
  email?: string;
  /** With username/email: match the whole value, not a part. */
  exact?: boolean;
  /**
   * A custom attribute with just this value, without case. Keycloak reads the attributes of every user that the other
   * conditions leave (3 s among 300,000 users): give a time of creation with it, which has an index.
   */
  attribute?: { name: string; value: string };
  /**
   * Inclusive, as is `createdBefore`. For pages and counts, only where {@link KeycloakUserRepository.takesCreatedTimes}:
   * elsewhere they are refused, and a list that fits one page is filtered here.
   */
  createdAfter?: Date;
  createdBefore?: Date;
  /** As Keycloak's database has it: what it shows of a user may come from its cache, and be older. */
  enabled?: boolean;
  /** Likewise. */
  emailVerified?: boolean;
}

/**
 * A user's session as Keycloak has it.
 * @see {@link KeycloakUserRepository}
 */
export interface KeycloakSession {
  id: string;
  userId: string;
  username: string;
  ipAddress: string;
  start: Date;
  lastAccess: Date;
  /** Our own client takes part in it: its tokens work. A session outlives its last client. */
  ours: boolean;
}

/**
 * PORT: users and their sessions in Keycloak (admin REST API).
 * @see https://www.keycloak.org/docs-api/latest/rest-api/index.html#_users
 * @example
 * ```ts
 * import {
 *   type KeycloakPassword,
 *   type KeycloakSession,
 *   type KeycloakUser,
 *   type KeycloakUserPatch,
 *   type KeycloakUserRepository,
 *   type NewKeycloakUser,
 *   REGISTRATION_MARK,
 *   type UserSearch,
 * } from "@libs/keycloak-authV2";
 *
 * const ada: NewKeycloakUser = {
 *   username: "ada",
 *   email: "ada@example.com",
 *   password: "correct-horse-1",
 *   emailVerified: false,
 *   enabled: true,
 *   attributes: { [REGISTRATION_MARK]: ["r-1"] },
 * };
 * const patch: KeycloakUserPatch = { emailVerified: true };
 * const search: UserSearch = { email: "ada@example.com", exact: true, max: 2 };
 *
 * export async function provision(users: KeycloakUserRepository): Promise<KeycloakSession[]> {
 *   const id = await users.createUser(ada);
 *   await users.updateUser(id, patch);
 *   const [found]: KeycloakUser[] = await users.searchUsers(search);
 *   const password: KeycloakPassword | null = await users.readPassword(id);
 *   console.log(found?.username, password?.setAt);
 *   return users.listSessions(id);
 * }
 * ```
 */
export interface KeycloakUserRepository {
  /**
   * @returns the new user's id
   * @throws AuthError `registration.username_taken` | `registration.email_taken` | `registration.conflict` |
   *   `registration.password_rejected` | `registration.profile_rejected` | `keycloak.*`
   */
  createUser(user: NewKeycloakUser): Promise<string>;
  /** In full, attributes included; null when Keycloak has no such user. */
  getUser(id: string): Promise<KeycloakUser | null>;
  /** Batch read by id; the missing are left out, the order is not kept. */
  getUsers(ids: readonly string[]): Promise<KeycloakUser[]>;
  /** How many users one call of {@link getUsers} to Keycloak reads: one alone before 26.3. For those who count calls. */
  usersACall(): Promise<number>;
  searchUsers(search: UserSearch): Promise<KeycloakUser[]>;
  countUsers(search?: UserSearch): Promise<number>;
  /** Whether Keycloak lists and counts by times of creation: servers before 26.6 ignore them. */
  takesCreatedTimes(): Promise<boolean>;
  /**
   * Read, write what changes, read again. A field that is as the patch has it is not written: a lock of Keycloak's
   * brute-force guard stays, unless `enabled` is what changes.
   * @returns false when there is no such user
   * @throws AuthError as {@link createUser} does; `user.change_ignored` when Keycloak said yes and did not do it
   */
  updateUser(id: string, patch: KeycloakUserPatch): Promise<boolean>;
  /** @returns false when there was no such user */
  deleteUser(id: string): Promise<boolean>;
  /** null when the user has none, or is not there. */
  readPassword(userId: string): Promise<KeycloakPassword | null>;
  listSessions(userId: string): Promise<KeycloakSession[]>;
  /** What the realm asks of people. @throws AuthError `keycloak.forbidden` when our account may not read it; `keycloak.*` */
  readUserProfile(): Promise<UserProfile>;
  /** Of every client: sessions that outlive the browser's, kept alive by offline tokens. */
  listOfflineSessions(userId: string): Promise<KeycloakSession[]>;
  /**
   * @param keycloakSessionId `sid`
   * @param kind an offline session and the online one that it came from may carry the same `sid`; default `online`
   * @returns false when there was no such session
   */
  deleteSession(keycloakSessionId: string, kind?: "online" | "offline"): Promise<boolean>;
  /**
   * Ends the user's online sessions, and has Keycloak forget what it keeps of the user in its cache: the next read is of
   * its database.
   * @returns false when there is no such user, in the database or at all
   */
  signOutUser(userId: string): Promise<boolean>;
}

/**
 * An answer of Keycloak's token endpoint; field names as Keycloak (and RFC 6749 §5.1) have them.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @see {@link TokenClient}
 */
export interface TokenSet {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  refresh_token?: string;
  /** Seconds; 0 means "never", not "expired". */
  refresh_expires_in?: number;
  id_token?: string;
  token_type: string;
  session_state?: string;
  scope?: string;
  /** Seconds since the epoch: tokens that were issued before are refused; 0: none are. */
  "not-before-policy"?: number;
}

/**
 * The tokens of a user session, which always has a refresh token and a `sid`.
 * @see {@link TokenClient}
 */
export interface SessionTokenSet extends TokenSet {
  refresh_token: string;
  /** Seconds; 0 means "never", not "expired". */
  refresh_expires_in: number;
  /** Keycloak's `sid`. */
  session_state: string;
}

/**
 * A person's credentials, for the password grant (RFC 6749 §4.3).
 * @see {@link TokenClient}
 */
export interface PasswordGrant {
  username: string;
  password: string;
  otp?: string;
  /** Sent as the only `X-Forwarded-For` entry, so that Keycloak's events and brute-force protection see the person. */
  ipAddress?: string;
  userAgent?: string;
}

/**
 * A session that Keycloak has opened for a login.
 * @see {@link TokenClient}
 */
export interface OpenedSession {
  /** `sid` */
  keycloakSessionId: string;
  /** `sub` of its tokens, unverified; null: they name none. */
  userId: string | null;
  /** Null: the answer has none. */
  refreshToken: string | null;
}

/**
 * PORT: the OIDC endpoints that the gateway calls as a confidential client.
 * @see https://www.rfc-editor.org/rfc/rfc6749
 * @example
 * ```ts
 * import type { OpenedSession, PasswordGrant, SessionTokenSet, TokenClient, TokenSet } from "@libs/keycloak-authV2";
 *
 * const grant: PasswordGrant = { username: "ada", password: "correct-horse-1", ipAddress: "203.0.113.7" };
 * const expiry = ({ expires_in }: TokenSet) => new Date(Date.now() + expires_in * 1000);
 *
 * export async function logInAndOut(tokens: TokenClient): Promise<boolean> {
 *   const opened: OpenedSession[] = [];
 *   const first: SessionTokenSet = await tokens.passwordGrant(grant, (session) => void opened.push(session));
 *   const second = await tokens.refresh(first.refresh_token);
 *   console.log(opened[0]?.keycloakSessionId, expiry(second));
 *   return tokens.logout(second.refresh_token);
 * }
 * ```
 */
export interface TokenClient {
  /**
   * Never retried.
   * @param onOpened called as soon as Keycloak's answer names a session, whatever else is wrong with that answer; also
   *   after a `keycloak.timeout`, where the answer comes late
   * @throws AuthError `auth.*` (the person is refused) | `keycloak.*`
   */
  passwordGrant(grant: PasswordGrant, onOpened?: (session: OpenedSession) => void): Promise<SessionTokenSet>;
  /** @throws AuthError `session.refused` (terminal: the session is over) | `keycloak.*` (the session stays) */
  refresh(refreshToken: string, client?: { ipAddress?: string; userAgent?: string }): Promise<SessionTokenSet>;
  /**
   * Idempotent; a token that Keycloak no longer knows counts as logged out.
   * @returns whether Keycloak took the token; false: it refuses it
   * @throws AuthError `keycloak.*`
   */
  logout(refreshToken: string): Promise<boolean>;
}

/**
 * The claims of a verified access token that this library uses.
 * @see {@link TokenVerifier}
 */
export interface AccessTokenClaims {
  /** Keycloak user id. */
  sub: string;
  /** Keycloak session id. */
  sid: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  /** Client roles and realm roles, as in the token. */
  realmRoles: string[];
  clientRoles: Record<string, string[]>;
  issuedAt: Date;
  expiresAt: Date;
}

/**
 * How {@link TokenVerifier} verifies.
 * @see {@link TokenVerifier}
 */
export interface VerifyOptions {
  /**
   * Keycloak itself has just handed the token out, in answer to a call of ours: its signature may be left unchecked where
   * one of the same key was good a moment ago.
   */
  justIssued?: boolean;
}

/**
 * PORT: offline verification of access tokens (RFC 9068 §4, OIDC Core §3.1.3.7).
 * @example
 * ```ts
 * import type { AccessTokenClaims, TokenVerifier, VerifyOptions } from "@libs/keycloak-authV2";
 *
 * const options: VerifyOptions = { justIssued: true };
 *
 * export async function rolesOf(verifier: TokenVerifier, token: string): Promise<string[]> {
 *   const claims: AccessTokenClaims = await verifier.verifyAccessToken(token, options);
 *   return claims.realmRoles;
 * }
 * ```
 */
export interface TokenVerifier {
  /** @throws AuthError `token.invalid` | `keycloak.unavailable` (no key could be fetched) */
  verifyAccessToken(token: string, options?: VerifyOptions): Promise<AccessTokenClaims>;
}

/**
 * A verified logout token (OIDC Back-Channel Logout 1.0 §2.4). At least one of `sub` and `sid` is there.
 * @see {@link LogoutTokenVerifier}
 */
export interface LogoutToken {
  jti: string;
  sub: string | null;
  /** Null: every session of the user. */
  sid: string | null;
  issuedAt: Date;
  expiresAt: Date;
}

/**
 * PORT: verification of logout tokens (OIDC Back-Channel Logout 1.0 §2.6), replays excepted: `jti` is the caller's.
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
 * @example
 * ```ts
 * import type { LogoutToken, LogoutTokenVerifier } from "@libs/keycloak-authV2";
 *
 * export async function endedSession(verifier: LogoutTokenVerifier, token: string): Promise<string | null> {
 *   const logout: LogoutToken = await verifier.verifyLogoutToken(token);
 *   return logout.sid; // null: every session of `logout.sub`
 * }
 * ```
 */
export interface LogoutTokenVerifier {
  /**
   * Uses keys that are known already: a stranger's token never costs a call.
   * @throws AuthError `logout_token.invalid` | `keycloak.unavailable` (no key was ever fetched)
   */
  verifyLogoutToken(token: string): Promise<LogoutToken>;
}

/**
 * What Keycloak holds of a person besides the profile and the sessions. No secrets.
 * @see {@link KeycloakPersonSource}
 */
export interface KeycloakPersonDetails {
  /** That there is a password, a one-time password …; never what it is. */
  credentials: { type: string; label: string | null; createdAt: Date | null }[];
  /** Paths, such as `/staff`. */
  groups: string[];
  realmRoles: string[];
  /** By client. */
  clientRoles: Record<string, string[]>;
  /** Accounts elsewhere that the person logs in with. */
  identities: { provider: string; userId: string | null; username: string | null }[];
  consents: { clientId: string; scopes: string[]; grantedAt: Date | null }[];
}

/**
 * PORT: the rest of what Keycloak holds of one person; for exports.
 * @example
 * ```ts
 * import type { KeycloakPersonDetails, KeycloakPersonSource } from "@libs/keycloak-authV2";
 *
 * export async function groupsOf(source: KeycloakPersonSource, userId: string): Promise<string[]> {
 *   const details: KeycloakPersonDetails = await source.readDetails(userId);
 *   return details.groups;
 * }
 * ```
 */
export interface KeycloakPersonSource {
  /** Costs five calls. @throws AuthError `keycloak.*` */
  readDetails(userId: string): Promise<KeycloakPersonDetails>;
}
