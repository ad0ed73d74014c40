import type {
  KeycloakSession,
  KeycloakUser,
  KeycloakUserPatch,
  KeycloakUserRepository,
  NewKeycloakUser,
  UserSearch,
} from "../ports.ts";
import type { AdminApi, AnswerReader, NetworkError } from "./admin-api.ts";
import { readRejection } from "./rejected-input.ts";
import { readCount, readOfflineClients, readSessions, readUser, readUsers } from "./user-representation.ts";

/** Keeps the URL of a batch read below 5 kB. */
const BATCH = 50;

/** ADAPTER: users and sessions through Keycloak's admin REST API. */
export class AdminKeycloakUserRepository implements KeycloakUserRepository {
  readonly #api: AdminApi;

  constructor(api: AdminApi) {
    this.#api = api;
  }

  async createUser({ password, ...user }: NewKeycloakUser): Promise<string> {
    const credentials = [{ type: "password", value: password, temporary: false }];
    const create = (client: AdminClient) => client.users.create({ ...user, credentials });
    const { id } = await this.#api.call("create_user", create, rejected);
    return decodeURIComponent(id);
  }

  async getUser(id: string): Promise<KeycloakUser | null> {
    if (!isAddressable(id)) return null;
    return this.#api.call<KeycloakUser | null>(
      "get_user",
      async (client) => readUser(await client.users.findOne({ id }, { catchNotFound: false })),
      missing(null),
    );
  }

  async getUsers(ids: readonly string[]): Promise<KeycloakUser[]> {
    const wanted = [...new Set(ids)].filter((id) => isAddressable(id) && !/\s/.test(id));
    const found: KeycloakUser[] = [];
    for (let start = 0; start < wanted.length; start += BATCH) {
      const search = `id:${wanted.slice(start, start + BATCH).join(" ")}`;
      found.push(
        ...(await this.#api.call("get_users", async (client) => readUsers(await client.users.find({ search })))),
      );
    }
    return found;
  }

  async searchUsers(search: UserSearch): Promise<KeycloakUser[]> {
    const query = { ...toQuery(search), first: search.first ?? 0, max: search.max ?? 100, briefRepresentation: true };
    return this.#api.call("search_users", async (client) => readUsers(await client.users.find(query)));
  }

  async countUsers(search: UserSearch = {}): Promise<number> {
    return this.#api.call("count_users", async (client) => readCount(await client.users.count(toQuery(search))));
  }

  async updateUser(id: string, patch: KeycloakUserPatch): Promise<boolean> {
    const current = await this.getUser(id);
    if (!current) return false;
    return this.#api.call<boolean>(
      "update_user",
      async (client) => {
        await client.users.update({ id }, merge(current, patch));
        return true;
      },
      (error) => missing(false)(error) ?? rejected(error),
    );
  }

  async deleteUser(id: string): Promise<boolean> {
    if (!isAddressable(id)) return false;
    const remove = async (client: AdminClient) => {
      await client.users.del({ id });
      return true;
    };
    return this.#api.call<boolean>("delete_user", remove, missing(false));
  }

  async listSessions(userId: string): Promise<KeycloakSession[]> {
    if (!isAddressable(userId)) return [];
    return this.#api.call<KeycloakSession[]>(
      "list_sessions",
      async (client) => readSessions(await client.users.listSessions({ id: userId })),
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
        const sessions = (await Promise.all(lists)).flatMap(readSessions);
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

function rejected({ response, responseData }: NetworkError): undefined {
  const rejection = readRejection(response.status, responseData);
  if (rejection) throw rejection;
}

function toQuery({ search, username, email, exact, createdAfter, createdBefore }: UserSearch) {
  return {
    ...(search !== undefined && { search }),
    ...(username !== undefined && { username }),
    ...(email !== undefined && { email }),
    ...(exact !== undefined && { exact }),
    ...(createdAfter && { createdAfter: createdAfter.getTime() }),
    ...(createdBefore && { createdBefore: createdBefore.getTime() }),
  };
}

/** With `attributes` a PUT replaces the profile as a whole, so it gets the whole; without, it changes what it names. */
function merge(current: KeycloakUser, patch: KeycloakUserPatch) {
  const newEmail = patch.email !== undefined && patch.email.toLowerCase() !== current.email?.toLowerCase();
  return {
    email: patch.email ?? current.email ?? undefined,
    firstName: patch.firstName ?? current.firstName ?? undefined,
    lastName: patch.lastName ?? current.lastName ?? undefined,
    // Keycloak would keep a verified mark that was earned by the old address.
    emailVerified: patch.emailVerified ?? (newEmail ? false : current.emailVerified),
    enabled: patch.enabled ?? current.enabled,
    ...(patch.attributes && { attributes: { ...current.attributes, ...patch.attributes } }),
  };
}
