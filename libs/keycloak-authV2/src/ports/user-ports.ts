import type { UserProfile } from "./user-profile.ts";

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
