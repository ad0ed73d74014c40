import type { KeycloakEventSource, KeycloakUserRepository, TokenClient } from "../ports/ports.ts";

/** Runs a call to Keycloak, or refuses it. */
export type Guard = <T>(work: () => Promise<T>) => Promise<T>;

/** What calls are held back by. */
export interface Guards {
  /** For those for which Keycloak hashes a password. */
  hashing: Guard;
  others: Guard;
}

/** The same port, each of its calls run by its guard. */
export function protectTokenClient(port: TokenClient, { hashing, others }: Guards): TokenClient {
  return {
    passwordGrant: (grant, onOpened) => hashing(() => port.passwordGrant(grant, onOpened)),
    refresh: (refreshToken, client) => others(() => port.refresh(refreshToken, client)),
    logout: (refreshToken) => others(() => port.logout(refreshToken)),
  };
}

/** The same port, each of its calls run by its guard. */
export function protectUserRepository(
  port: KeycloakUserRepository,
  { hashing, others }: Guards,
): KeycloakUserRepository {
  return {
    createUser: (user) => hashing(() => port.createUser(user)),
    getUser: (id) => others(() => port.getUser(id)),
    getUsers: (ids) => others(() => port.getUsers(ids)),
    usersACall: () => others(() => port.usersACall()),
    searchUsers: (search) => others(() => port.searchUsers(search)),
    countUsers: (search) => others(() => port.countUsers(search)),
    takesCreatedTimes: () => others(() => port.takesCreatedTimes()),
    updateUser: (id, patch) => others(() => port.updateUser(id, patch)),
    deleteUser: (id) => others(() => port.deleteUser(id)),
    readPassword: (userId) => others(() => port.readPassword(userId)),
    listSessions: (userId) => others(() => port.listSessions(userId)),
    readUserProfile: () => others(() => port.readUserProfile()),
    listOfflineSessions: (userId) => others(() => port.listOfflineSessions(userId)),
    deleteSession: (keycloakSessionId, kind) => others(() => port.deleteSession(keycloakSessionId, kind)),
    signOutUser: (userId) => others(() => port.signOutUser(userId)),
  };
}

/** The same port, each of its calls run by its guard. */
export function protectEventSource(port: KeycloakEventSource, { others }: Pick<Guards, "others">): KeycloakEventSource {
  return {
    listUserEvents: (page) => others(() => port.listUserEvents(page)),
    knownTypes: (types) => others(() => port.knownTypes(types)),
    listAdminEvents: (page) => others(() => port.listAdminEvents(page)),
    readEventsConfig: () => others(() => port.readEventsConfig()),
    serviceAccountId: () => others(() => port.serviceAccountId()),
    clockSkew: () => others(() => port.clockSkew()),
  };
}
