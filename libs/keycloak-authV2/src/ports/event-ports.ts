// What this library needs of the events that Keycloak stores; exported by `ports.ts`.

/**
 * A stored user event: what a person did (Server Administration Guide, "Auditing user events").
 * @see {@link KeycloakEventSource}
 */
export interface KeycloakUserEvent {
  id: string;
  /** When it was made, by Keycloak's clock; it can be read only once its transaction is committed. */
  at: Date;
  /** `LOGIN`, `UPDATE_PROFILE` … */
  type: string;
  userId: string | null;
  /** `sid` */
  sessionId: string | null;
  clientId: string | null;
  /** Keycloak's name of what went wrong, with `…_ERROR`. */
  error: string | null;
  details: Record<string, string>;
}

/**
 * A stored admin event: what was done through the admin API or console.
 * @see {@link KeycloakEventSource}
 */
export interface KeycloakAdminEvent {
  id: string;
  /** When it was made, by Keycloak's clock; it can be read only once its transaction is committed. */
  at: Date;
  /** `CREATE`, `UPDATE`, `DELETE`, `ACTION` */
  operation: string;
  resourceType: string;
  /** `users/{id}`, `users/{id}/reset-password`, `sessions/{sid}` … */
  resourcePath: string;
  /** Keycloak user id of who did it. */
  byUserId: string | null;
  /** With a membership: `username`, `email`. Never the request's body. */
  details: Record<string, string>;
}

/**
 * A page of stored events.
 * @see {@link KeycloakEventSource}
 */
export interface EventPage {
  /** Inclusive. */
  from: Date;
  /** Inclusive. */
  to: Date;
  /** Offset: number of events that are skipped. */
  first: number;
  max: number;
  /** User events only: of these types, those left out that the server does not know. */
  types?: readonly string[];
}

/**
 * What the realm stores of its events.
 * @see {@link KeycloakEventSource}
 */
export interface EventsConfig {
  userEventsEnabled: boolean;
  adminEventsEnabled: boolean;
  /** Types of user events that are stored. */
  storedTypes: string[];
  /** How long user events are kept, in milliseconds; null: for ever. That of admin events needs `view-realm`. */
  userEventsKeptMs: number | null;
}

/**
 * PORT: the realm's stored events. Pages are in ascending order of time; equal times in no order.
 *
 * Its methods throw AuthError `keycloak.forbidden` where the service account lacks `view-events`, and `keycloak.*`.
 * @see https://www.keycloak.org/docs/latest/server_admin/#configuring-auditing-to-track-events
 * @example
 * ```ts
 * import type {
 *   EventPage,
 *   EventsConfig,
 *   KeycloakAdminEvent,
 *   KeycloakEventSource,
 *   KeycloakUserEvent,
 * } from "@libs/keycloak-authV2";
 *
 * export async function lastMinute(source: KeycloakEventSource): Promise<(KeycloakUserEvent | KeycloakAdminEvent)[]> {
 *   const config: EventsConfig = await source.readEventsConfig();
 *   if (!config.userEventsEnabled) throw new Error("the realm stores no user events");
 *   const to = new Date();
 *   const page: EventPage = { from: new Date(to.getTime() - 60_000), to, first: 0, max: 100 };
 *   return [...(await source.listUserEvents(page)), ...(await source.listAdminEvents(page))];
 * }
 * ```
 */
export interface KeycloakEventSource {
  listUserEvents(page: EventPage): Promise<KeycloakUserEvent[]>;
  /** Those of these types of user events that the server knows: the others it can neither store nor be asked for. */
  knownTypes(types: readonly string[]): Promise<string[]>;
  listAdminEvents(page: EventPage): Promise<KeycloakAdminEvent[]>;
  readEventsConfig(): Promise<EventsConfig>;
  /** Keycloak user id of our own service account: who our own admin events are by. */
  serviceAccountId(): Promise<string>;
  /**
   * Keycloak's clock against this process's, in milliseconds, positive when Keycloak's is ahead, and by how much the
   * measurement may be off. And, since both come with a new token of our own: before when tokens must have been issued
   * that the realm or our client no longer takes; null: it takes them all.
   */
  clockSkew(): Promise<{ skewMs: number; uncertaintyMs: number; notBefore: Date | null }>;
}
