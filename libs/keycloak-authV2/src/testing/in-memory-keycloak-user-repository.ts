import { randomUUID } from "node:crypto";
import { AuthError } from "@libs/problems";
import { changeOf, changesField, changesNotTaken } from "../keycloak/user-change.ts";
import type {
  KeycloakPassword,
  KeycloakSession,
  KeycloakUser,
  KeycloakUserPatch,
  KeycloakUserRepository,
  NewKeycloakUser,
  UserSearch,
} from "../ports/ports.ts";
import { DEFAULT_USER_PROFILE, type UserProfile } from "../ports/user-profile.ts";
import type { InMemoryKeycloak, StoredUser } from "./in-memory-keycloak.ts";
import { checkPassword, checkProfile } from "./in-memory-user-profile.ts";
import { matches } from "./in-memory-user-search.ts";

/** FAKE of the admin REST API; passes `keycloakUserRepositoryContract`. */
export class InMemoryKeycloakUserRepository implements KeycloakUserRepository {
  readonly #keycloak: InMemoryKeycloak;

  constructor(keycloak: InMemoryKeycloak) {
    this.#keycloak = keycloak;
  }

  createUser(user: NewKeycloakUser): Promise<string> {
    return this.#keycloak.perform("create_user", () => {
      const { users, options } = this.#keycloak;
      const folded = foldProfile(user);
      const profile = { username: this.#nameOf(user, folded.email), ...folded };
      this.#refuseTaken(profile.email, undefined);
      if (this.#keycloak.findByName(profile.username)) throw new AuthError("registration.username_taken");
      checkProfile(profile);
      checkPassword(user.password, options.minPasswordLength);
      const id = randomUUID();
      users.set(id, {
        ...profile,
        id,
        password: user.password,
        emailVerified: user.emailVerified,
        enabled: user.enabled,
        createdAt: new Date(options.now()),
        attributes: this.#declared(user.attributes ?? {}),
        requiredActions: [],
        notBefore: null,
        ...unlocked,
      });
      this.#recordEvent("CREATE", id);
      return id;
    });
  }

  getUser(id: string): Promise<KeycloakUser | null> {
    return this.#keycloak.perform("get_user", () => {
      return this.#read(id) ?? null;
    });
  }

  getUsers(ids: readonly string[]): Promise<KeycloakUser[]> {
    return this.#keycloak.perform("get_users", () => [...new Set(ids)].flatMap((id) => this.#read(id) ?? []));
  }

  /** Not an operation: the real one knows it, as a rule. */
  async usersACall(): Promise<number> {
    return this.#keycloak.features.searchByIds ? 50 : 1;
  }

  searchUsers(search: UserSearch): Promise<KeycloakUser[]> {
    return this.#keycloak.perform("search_users", () => {
      const { first = 0, max = 100 } = search;
      if (this.#ignoresTimesOf(search) && first > 0) throw new AuthError("internal.error");
      return this.#find(search)
        .slice(first, first + max)
        .map((user) => ({ ...toPublic(user), attributes: {}, requiredActions: [] }));
    });
  }

  countUsers(search: UserSearch = {}): Promise<number> {
    return this.#keycloak.perform("count_users", () => {
      if (this.#ignoresTimesOf(search)) throw new AuthError("internal.error");
      return this.#find(search).length;
    });
  }

  /** Not an operation: the real one knows it, as a rule. */
  async takesCreatedTimes(): Promise<boolean> {
    return this.#keycloak.features.createdFilter;
  }

  #ignoresTimesOf({ createdAfter, createdBefore }: UserSearch): boolean {
    return (createdAfter ?? createdBefore) !== undefined && !this.#keycloak.features.createdFilter;
  }

  updateUser(id: string, patch: KeycloakUserPatch): Promise<boolean> {
    return this.#keycloak.perform("update_user", () => {
      const user = this.#keycloak.users.get(id);
      if (!user) return false;
      const before = toPublic(user);
      const change = changeOf(before, patch);
      if (!change) return true;
      const confirmsEmail = user.requiredActions.includes("UPDATE_EMAIL");
      if (confirmsEmail && changesField(before, patch, "email"))
        throw new AuthError("user.change_ignored", notChanged(["email"]));
      const folded = foldProfile({ ...user, ...change });
      const next = { username: this.#nameOf(user, folded.email), ...folded };
      this.#refuseTaken(next.email, id);
      checkProfile(next);
      const attributes = { ...user.attributes, ...this.#declared(patch.attributes ?? {}) };
      const { emailVerified = user.emailVerified, enabled = user.enabled } = change;
      Object.assign(user, next, { emailVerified, attributes, enabled }, change.enabled === true && unlocked);
      this.#recordEvent("UPDATE", id);
      const ignored = changesNotTaken(patch, before, toPublic(user));
      if (ignored.length > 0) throw new AuthError("user.change_ignored", notChanged(ignored));
      return true;
    });
  }

  deleteUser(id: string): Promise<boolean> {
    return this.#keycloak.perform("delete_user", () => {
      const removed = this.#keycloak.removeUser(id);
      if (removed) this.#recordEvent("DELETE", id);
      return removed;
    });
  }

  readUserProfile(): Promise<UserProfile> {
    const { emailAsUsername, profileAttributes } = this.#keycloak.options;
    return this.#keycloak.perform("read_user_profile", () => ({
      ...DEFAULT_USER_PROFILE,
      emailAsUsername,
      attributes: [
        ...DEFAULT_USER_PROFILE.attributes.map((found) =>
          found.name === "username" && emailAsUsername ? { ...found, required: false } : found,
        ),
        ...profileAttributes,
      ],
    }));
  }

  readPassword(userId: string): Promise<KeycloakPassword | null> {
    return this.#keycloak.perform("read_password", () => {
      const { users, passwords } = this.#keycloak;
      const user = users.get(userId);
      return user
        ? structuredClone(passwords.get(userId) ?? (passwords.has(userId) ? null : { setAt: user.createdAt }))
        : null;
    });
  }

  listSessions(userId: string): Promise<KeycloakSession[]> {
    return this.#keycloak.perform("list_sessions", () => sessionsOf(this.#keycloak.sessions, userId));
  }

  listOfflineSessions(userId: string): Promise<KeycloakSession[]> {
    return this.#keycloak.perform("list_offline_sessions", () => sessionsOf(this.#keycloak.offlineSessions, userId));
  }

  deleteSession(keycloakSessionId: string, kind: "online" | "offline" = "online"): Promise<boolean> {
    const { sessions, offlineSessions } = this.#keycloak;
    return this.#keycloak.perform("delete_session", () => {
      const removed = (kind === "offline" ? offlineSessions : sessions).delete(keycloakSessionId);
      if (removed) {
        const resourcePath = `sessions/${keycloakSessionId}`;
        const deletion = { operation: "DELETE", resourceType: "USER_SESSION", resourcePath };
        this.#keycloak.eventSource.recordAdminEvent(deletion);
      }
      return removed;
    });
  }

  signOutUser(userId: string): Promise<boolean> {
    return this.#keycloak.perform("sign_out_user", () => {
      const { sessions, users, eventSource } = this.#keycloak;
      if (!users.has(userId)) return false;
      for (const session of sessions.values()) if (session.userId === userId) sessions.delete(session.id);
      const resourcePath = `users/${userId}/logout`;
      eventSource.recordAdminEvent({ operation: "ACTION", resourceType: "USER", resourcePath });
      return true;
    });
  }

  #read(id: string): KeycloakUser | undefined {
    const { users, serviceAccount } = this.#keycloak;
    const user = users.get(id);
    if (user) return toPublic(user);
    return id === serviceAccount.id ? structuredClone(serviceAccount) : undefined;
  }

  #recordEvent(operation: string, id: string): void {
    this.#keycloak.eventSource.recordAdminEvent({ operation, resourceType: "USER", resourcePath: `users/${id}` });
  }

  #find(search: UserSearch): (StoredUser | KeycloakUser)[] {
    const { users, serviceAccount } = this.#keycloak;
    // Keycloak leaves service accounts out of the whole list and of a `search`, and of nothing else.
    const { first: _, max: __, search: byPrefix, ...conditions } = search;
    const withAccounts = byPrefix === undefined && Object.values(conditions).some((value) => value !== undefined);
    return [...users.values(), ...(withAccounts ? [serviceAccount] : [])]
      .filter((user) => matches(user, search))
      .sort((a, b) => (a.username < b.username ? -1 : 1));
  }

  #nameOf({ username }: { username: string }, email: string | null): string {
    if (!this.#keycloak.options.emailAsUsername) return username.toLowerCase();
    if (email !== null) return email;
    throw new AuthError("registration.profile_rejected", { errors: [{ path: "email", message: "is required" }] });
  }

  #refuseTaken(email: string | null, self: string | undefined): void {
    if (email === null) return;
    const holder = [...this.#keycloak.users.values()].find((user) => user.email === email);
    if (holder && holder.id !== self) throw new AuthError("registration.email_taken");
  }

  #declared(attributes: Record<string, string[]>): Record<string, string[]> {
    const { declaredAttributes, profileAttributes } = this.#keycloak.options;
    const declared = [...declaredAttributes, ...profileAttributes.map(({ name }) => name)];
    return Object.fromEntries(Object.entries(attributes).filter(([name]) => declared.includes(name)));
  }
}

const notChanged = (paths: string[]) => ({ errors: paths.map((path) => ({ path, message: "was not changed" })) });

function sessionsOf(sessions: Map<string, KeycloakSession>, userId: string): KeycloakSession[] {
  return [...sessions.values()].filter((session) => session.userId === userId).map((found) => ({ ...found }));
}

const unlocked = { lastFailureAt: Number.NEGATIVE_INFINITY, lockedUntil: 0, failures: 0 };

/** Keycloak stores email in lower case, and nothing for what is blank. */
function foldProfile(user: { email?: string | null; firstName?: string | null; lastName?: string | null }) {
  return {
    email: presence(user.email?.toLowerCase()),
    firstName: presence(user.firstName),
    lastName: presence(user.lastName),
  };
}

const presence = (text: string | null | undefined): string | null => (text?.trim() ? text : null);

function toPublic({
  password,
  otp,
  lastFailureAt,
  lockedUntil,
  failures,
  ...user
}: KeycloakUser & Partial<StoredUser>): KeycloakUser {
  return { ...structuredClone(user) };
}
