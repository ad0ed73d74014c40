import { AuthError } from "@libs/problems";
import type {
  KeycloakPassword,
  KeycloakSession,
  KeycloakUser,
  KeycloakUserPatch,
  KeycloakUserRepository,
  NewKeycloakUser,
  ServerFeatureSource,
  UserSearch,
} from "../ports/ports.ts";
import type { UserProfile } from "../ports/user-profile.ts";
import type { AdminApi, AnswerReader, NetworkError } from "./calls/admin-api.ts";
import { readOfflineClients, readPasswordDate, readSessions, readUser } from "./calls/user-representation.ts";
import { readUserProfile } from "./read-user-profile.ts";
import { readRejection } from "./rejected-input.ts";
import { countUsers } from "./server/count-users.ts";
import { listUsers } from "./server/list-users.ts";
import { BATCH, readUsersById } from "./server/read-users-by-id.ts";
import { changeOf, changesField, changesNotTaken } from "./user-change.ts";

/** Of users who can be read alone only. */
const SINGLE_READS_AT_ONCE = 4;

/** ADAPTER: users and sessions through Keycloak's admin REST API. */
export class AdminKeycloakUserRepository implements KeycloakUserRepository {
  readonly #api: AdminApi;
  readonly #clientId: string;
  readonly #features: ServerFeatureSource;

  /** @param clientId our own client's, whose sessions these are */
  constructor(api: AdminApi, clientId: string, features: ServerFeatureSource) {
    this.#api = api;
    this.#clientId = clientId;
    this.#features = features;
  }

  async createUser({ password, ...user }: NewKeycloakUser): Promise<string> {
    const credentials = [{ type: "password", value: password, temporary: false }];
    const create = (client: AdminClient) => client.users.create({ ...user, credentials });
    const { id } = await this.#api.call("create_user", create, rejected);
    return decodeURIComponent(id);
  }

  async getUser(id: string): Promise<KeycloakUser | null> {
    if (!isAddressable(id)) return null;
    const found = await this.#api.call<KeycloakUser | null>(
      "get_user",
      async (client) => readUser(await client.users.findOne({ id }, { catchNotFound: false })),
      missing(null),
    );
    return found && !found.enabled ? await this.#unlocked(found) : found;
  }

  /** Up to 26.2 a user that is read alone counts as disabled while the brute-force guard has it locked; lists say it as it is. */
  async #unlocked(user: KeycloakUser): Promise<KeycloakUser> {
    const { id, username } = user;
    const listed = /\s/.test(id)
      ? await this.searchUsers({ username, exact: true })
      : await readUsersById(this.#api, this.#features, [id]);
    return { ...user, enabled: listed.find((other) => other.id === id)?.enabled ?? user.enabled };
  }

  async getUsers(ids: readonly string[]): Promise<KeycloakUser[]> {
    const all = [...new Set(ids)].filter(isAddressable);
    // A search by id takes a blank for the end of an id, and a partial import keeps ids that have one.
    const [wanted, alone] = [all.filter((id) => !/\s/.test(id)), all.filter((id) => /\s/.test(id))];
    const found: KeycloakUser[] = [];
    for (let start = 0; start < alone.length; start += SINGLE_READS_AT_ONCE) {
      const reads = alone.slice(start, start + SINGLE_READS_AT_ONCE).map((id) => this.getUser(id));
      found.push(...(await Promise.all(reads)).filter((user) => user !== null));
    }
    return [...found, ...(await readUsersById(this.#api, this.#features, wanted))];
  }

  async usersACall(): Promise<number> {
    return (await this.#features.current()).searchByIds ? BATCH : 1;
  }

  searchUsers(search: UserSearch): Promise<KeycloakUser[]> {
    return listUsers(this.#api, this.#features, search);
  }

  countUsers(search: UserSearch = {}): Promise<number> {
    return countUsers(this.#api, this.#features, search);
  }

  async takesCreatedTimes(): Promise<boolean> {
    return (await this.#features.current()).createdFilter;
  }

  async updateUser(id: string, patch: KeycloakUserPatch): Promise<boolean> {
    const current = await this.getUser(id);
    if (!current) return false;
    const change = changeOf(current, patch);
    if (!change) return true;
    // Keycloak would take everything but the email, and say nothing.
    const confirmsEmail = current.requiredActions.includes("UPDATE_EMAIL");
    if (confirmsEmail && changesField(current, patch, "email")) throw changeIgnored(["email"]);
    const write = async (client: AdminClient) => {
      await client.users.update({ id }, change);
      return true;
    };
    const reader: AnswerReader<boolean> = (error) => missing(false)(error) ?? rejected(error);
    if (!(await this.#api.call("update_user", write, reader))) return false;
    const after = await this.getUser(id);
    const ignored = after ? changesNotTaken(patch, current, after) : [];
    if (ignored.length > 0) throw changeIgnored(ignored);
    return after !== null;
  }

  async deleteUser(id: string): Promise<boolean> {
    if (!isAddressable(id)) return false;
    const remove = async (client: AdminClient) => {
      await client.users.del({ id });
      return true;
    };
    return this.#api.call<boolean>("delete_user", remove, missing(false));
  }

  readUserProfile(): Promise<UserProfile> {
    return this.#api.call<UserProfile>(
      "read_user_profile",
      async ({ users, realmName: realm }) => {
        const [declared, seenByUs] = await Promise.all([
          users.getProfile({ realm }),
          users.getProfileMetadata({ realm }),
        ]);
        return readUserProfile(declared, seenByUs);
      },
      ({ response }) => {
        if (response.status !== 403) return undefined;
        throw new AuthError("keycloak.forbidden", { internal: "read_user_profile: HTTP 403" });
      },
    );
  }

  async readPassword(userId: string): Promise<KeycloakPassword | null> {
    if (!isAddressable(userId)) return null;
    return this.#api.call<KeycloakPassword | null>(
      "read_password",
      async ({ users }) => {
        const setAt = readPasswordDate(await users.getCredentials({ id: userId }));
        if (setAt !== undefined) return { setAt };
        const elsewhere: unknown = await users.getUserStorageCredentialTypes({ id: userId });
        return Array.isArray(elsewhere) && elsewhere.includes("password") ? { setAt: null } : null;
      },
      missing(null),
    );
  }

  async listSessions(userId: string): Promise<KeycloakSession[]> {
    if (!isAddressable(userId)) return [];
    return this.#api.call<KeycloakSession[]>(
      "list_sessions",
      async (client) => readSessions(await client.users.listSessions({ id: userId }), this.#clientId),
      missing([]),
    );
  }

  async listOfflineSessions(userId: string): Promise<KeycloakSession[]> {
    if (!isAddressable(userId)) return [];
    return this.#api.call<KeycloakSession[]>(
      "list_offline_sessions",
      async (client) => {
        const holders = readOfflineClients(await client.users.listConsents({ id: userId }));
        const lists = holders.map((clientId) => client.users.listOfflineSessions({ id: userId, clientId }));
        const sessions = (await Promise.all(lists)).flatMap((list) => readSessions(list, this.#clientId));
        return [...new Map(sessions.map((session) => [session.id, session])).values()];
      },
      missing([]),
    );
  }

  async deleteSession(keycloakSessionId: string, kind: "online" | "offline" = "online"): Promise<boolean> {
    if (!isAddressable(keycloakSessionId)) return false;
    const isOffline = kind === "offline";
    const remove = async (client: AdminClient) => {
      await client.realms.deleteSession({ realm: client.realmName, session: keycloakSessionId, isOffline });
      return true;
    };
    return this.#api.call<boolean>("delete_session", remove, missing(false));
  }

  async signOutUser(userId: string): Promise<boolean> {
    if (!isAddressable(userId)) return false;
    const signOut = async (client: AdminClient) => {
      await client.users.logout({ id: userId });
      return true;
    };
    return this.#api.call<boolean>("sign_out_user", signOut, (error) => missing(false)(error) ?? rowIsGone(error));
  }
}

type AdminClient = Parameters<Parameters<AdminApi["call"]>[1]>[0];

/** An empty id, or dots, would make the path that of another resource: of the user list, or of the whole realm. */
const isAddressable = (id: string): boolean => id !== "" && id !== "." && id !== "..";

/**
 * A 404 that is about the user or session. One about the realm stays an error: it must never look like "deleted".
 * Keycloak 26 spells the second "Sesssion".
 */
function missing<T>(value: T): AnswerReader<T> {
  return ({ response, responseData }: NetworkError) => {
    const reason: unknown = typeof responseData === "object" && responseData && Reflect.get(responseData, "error");
    const about = typeof reason === "string" && /^(User|Sess+ion) not found$/.test(reason);
    return response.status === 404 && about ? { value } : undefined;
  };
}

/**
 * A user that is only in Keycloak's cache: its row was deleted behind Keycloak's back. Writing it fails, and the failed
 * transaction drops the user from the cache (`UserCacheSession`).
 */
function rowIsGone({ response, responseData }: NetworkError): { value: false } | undefined {
  const reason: unknown = typeof responseData === "object" && responseData && Reflect.get(responseData, "error");
  return response.status === 500 && reason === "unknown_error" ? { value: false } : undefined;
}

function rejected({ response, responseData }: NetworkError): undefined {
  const rejection = readRejection(response.status, responseData);
  if (rejection) throw rejection;
}

function changeIgnored(paths: string[]): AuthError {
  return new AuthError("user.change_ignored", {
    internal: `update_user: Keycloak left ${paths.join(", ")} as before`,
    errors: paths.map((path) => ({ path, message: "was not changed" })),
  });
}
