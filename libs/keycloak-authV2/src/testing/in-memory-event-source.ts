import { randomUUID } from "node:crypto";
import { AuthError } from "@libs/problems";
import { storedEventTypes } from "../keycloak/stored-event-types.ts";
import type {
  EventPage,
  EventsConfig,
  KeycloakAdminEvent,
  KeycloakEventSource,
  KeycloakUserEvent,
} from "../ports/ports.ts";
import type { InMemoryKeycloak } from "./in-memory-keycloak.ts";

/** FAKE of the realm's stored events; passes `keycloakEventSourceContract`. */
export class InMemoryEventSource implements KeycloakEventSource {
  readonly userEvents: KeycloakUserEvent[] = [];
  readonly adminEvents: KeycloakAdminEvent[] = [];
  config: EventsConfig = {
    userEventsEnabled: true,
    adminEventsEnabled: true,
    storedTypes: [...storedEventTypes],
    userEventsKeptMs: 7 * 24 * 3_600_000,
  };
  /** How far Keycloak's clock is ahead. Milliseconds. */
  skewMs = 0;
  /** Of the realm or the client. */
  notBefore: Date | null = null;
  /** Types that the server does not know. */
  unknownTypes: readonly string[] = [];
  readonly #keycloak: InMemoryKeycloak;

  constructor(keycloak: InMemoryKeycloak) {
    this.#keycloak = keycloak;
  }

  /** What the fakes of users and tokens call; tests call it to play other clients and the account console. */
  recordUserEvent(event: Partial<KeycloakUserEvent> & Pick<KeycloakUserEvent, "type">): void {
    const { clientId, now } = this.#keycloak.options;
    if (!this.config.userEventsEnabled || !this.config.storedTypes.includes(event.type)) return;
    const basics = { id: randomUUID(), at: new Date(now()), userId: null, sessionId: null, clientId, error: null };
    this.userEvents.push({ ...basics, details: {}, ...event });
  }

  /** By our own service account unless set otherwise: tests call it to play administrators. */
  recordAdminEvent(
    event: Partial<KeycloakAdminEvent> & Omit<KeycloakAdminEvent, "id" | "at" | "byUserId" | "details">,
  ): void {
    if (!this.config.adminEventsEnabled) return;
    const { options, serviceAccount } = this.#keycloak;
    const basics = { id: randomUUID(), at: new Date(options.now()), byUserId: serviceAccount.id, details: {} };
    this.adminEvents.push({ ...basics, ...event });
  }

  listUserEvents(page: EventPage): Promise<KeycloakUserEvent[]> {
    return this.#keycloak.perform("list_user_events", () => {
      this.#demandEvents();
      const { types } = page;
      return paged(types ? this.userEvents.filter(({ type }) => types.includes(type)) : this.userEvents, page);
    });
  }

  /** Not an operation: the real one knows them, as a rule. */
  async knownTypes(types: readonly string[]): Promise<string[]> {
    return types.filter((type) => !this.unknownTypes.includes(type));
  }

  listAdminEvents(page: EventPage): Promise<KeycloakAdminEvent[]> {
    return this.#keycloak.perform("list_admin_events", () => {
      this.#demandEvents();
      return paged(this.adminEvents, page);
    });
  }

  /** A server that takes days alone refuses the question. */
  #demandEvents(): void {
    if (this.#keycloak.features.eventsByTime === false)
      throw new AuthError("keycloak.misconfigured", { internal: "events: HTTP 400" });
  }

  readEventsConfig(): Promise<EventsConfig> {
    return this.#keycloak.perform("read_events_config", () => structuredClone(this.config));
  }

  /** Not an operation: the real one reads it from the token that it has anyway. */
  async serviceAccountId(): Promise<string> {
    return this.#keycloak.serviceAccount.id;
  }

  clockSkew(): Promise<{ skewMs: number; uncertaintyMs: number; notBefore: Date | null }> {
    const { skewMs, notBefore } = this;
    return this.#keycloak.perform("clock_skew", () => ({ skewMs, uncertaintyMs: 500, notBefore }));
  }
}

function paged<E extends { at: Date }>(events: readonly E[], { from, to, first, max }: EventPage): E[] {
  return events
    .filter(({ at }) => at >= from && at <= to)
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
    .slice(first, first + max)
    .map((event) => structuredClone(event));
}
