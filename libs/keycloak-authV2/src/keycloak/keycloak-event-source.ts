import { AuthError, isAuthError } from "@libs/problems";
import { decodeJwt } from "jose";
import { z } from "zod";
import type {
  EventPage,
  EventsConfig,
  KeycloakAdminEvent,
  KeycloakEventSource,
  KeycloakUserEvent,
} from "../ports/ports.ts";
import type { AdminApi, AnswerReader, KeycloakAdminClient } from "./calls/admin-api.ts";
import type { AdminTokenProvider } from "./calls/admin-token-provider.ts";
import { readAdminEvents, readEventsConfig, readUserEvents } from "./event-representation.ts";
import type { EventTypes } from "./server/event-types.ts";

type Realms = KeycloakAdminClient["realms"];

/** A token's times are whole seconds, rounded down. */
const HALF_A_SECOND_MS = 500;

/** ADAPTER: the realm's stored events through Keycloak's admin REST API. Needs the role `view-events`. */
export class AdminKeycloakEventSource implements KeycloakEventSource {
  readonly #api: AdminApi;
  readonly #tokens: AdminTokenProvider;
  readonly #types: EventTypes;

  constructor(api: AdminApi, tokens: AdminTokenProvider, types: EventTypes) {
    this.#api = api;
    this.#tokens = tokens;
    this.#types = types;
  }

  async listUserEvents(page: EventPage): Promise<KeycloakUserEvent[]> {
    if (!page.types) return await this.#listUserEvents(page);
    const types = await this.#types.known(page.types);
    // Without types it would be asked for all.
    if (types.length === 0) return [];
    try {
      return await this.#listUserEvents({ ...page, types });
    } catch (error) {
      if (!isOwnFailure(error)) throw error;
      const taken = await this.#types.learn(types, (some) => this.#takes(page, some));
      if (!taken) throw error;
      return await this.#listUserEvents({ ...page, types: taken });
    }
  }

  knownTypes(types: readonly string[]): Promise<string[]> {
    return this.#types.known(types);
  }

  #listUserEvents(page: EventPage): Promise<KeycloakUserEvent[]> {
    return this.#api.call<KeycloakUserEvent[]>(
      "list_user_events",
      async ({ realms, realmName }) =>
        readUserEvents(await realms.findEvents({ ...toQuery(page, realmName), type: page.types } as FindEvents)),
      forbidden("list_user_events"),
    );
  }

  async #takes(page: EventPage, types: readonly string[]): Promise<boolean> {
    try {
      await this.#listUserEvents({ ...page, types, max: 1 });
      return true;
    } catch (error) {
      if (isOwnFailure(error)) return false;
      throw error;
    }
  }

  listAdminEvents(page: EventPage): Promise<KeycloakAdminEvent[]> {
    return this.#api.call<KeycloakAdminEvent[]>(
      "list_admin_events",
      async ({ realms, realmName }) =>
        readAdminEvents(await realms.findAdminEvents(toQuery(page, realmName) as object as FindAdminEvents)),
      forbidden("list_admin_events"),
    );
  }

  readEventsConfig(): Promise<EventsConfig> {
    return this.#api.call<EventsConfig>(
      "read_events_config",
      async ({ realms, realmName }) => readEventsConfig(await realms.getConfigEvents({ realm: realmName })),
      forbidden("read_events_config"),
    );
  }

  async serviceAccountId(): Promise<string> {
    const { sub } = readToken(await this.#tokens.getAccessToken());
    // Keycloak leaves it out of lightweight tokens.
    if (!sub) throw new AuthError("keycloak.misconfigured", { internal: "service_account: its token names no user" });
    return sub;
  }

  /** From a new token's `iat`: Keycloak sends no `Date` with its answers. Costs one call. */
  async clockSkew(): Promise<{ skewMs: number; uncertaintyMs: number; notBefore: Date | null }> {
    const { value, askedAt, answeredAt, notBefore } = await this.#tokens.renew();
    const { iat, sub } = readToken(value);
    if (iat === undefined)
      throw new AuthError("keycloak.misconfigured", { internal: "clock_skew: a token has no iat" });
    return {
      skewMs: iat * 1000 + HALF_A_SECOND_MS - (askedAt + answeredAt) / 2,
      uncertaintyMs: HALF_A_SECOND_MS + (answeredAt - askedAt) / 2,
      notBefore: notBefore > (await this.#ownNotBefore(notBefore, sub)) ? new Date(notBefore * 1000) : null,
    };
  }

  /** That of the service account is nobody else's: who signs it out does not mean the people. Seconds. */
  async #ownNotBefore(notBefore: number, id: string | undefined): Promise<number> {
    if (notBefore === 0 || !id) return 0;
    const own = await this.#api.call("get_user", ({ users }) => users.findOne({ id }));
    return notBeforeOf.safeParse(own).data?.notBefore ?? 0;
  }
}

/** Keycloak's own 500: about what was asked. */
const isOwnFailure = (error: unknown): boolean => isAuthError(error, "keycloak.unavailable") && error.answered;

/** Seconds. */
const notBeforeOf = z.object({ notBefore: z.number().nullish() });

// The client's types know neither `direction` nor times in epoch milliseconds (Keycloak 26.2), but it passes them on.
type FindEvents = Parameters<Realms["findEvents"]>[0];
type FindAdminEvents = Parameters<Realms["findAdminEvents"]>[0];

function toQuery({ from, to, first, max }: EventPage, realm: string) {
  return { realm, dateFrom: String(from.getTime()), dateTo: String(to.getTime()), first, max, direction: "asc" };
}

/** A missing right is distinguished from other faults of the setup: it has a remedy of its own. */
function forbidden(operation: string): AnswerReader<never> {
  return ({ response }) => {
    if (response.status === 403) throw new AuthError("keycloak.forbidden", { internal: `${operation}: HTTP 403` });
    return undefined;
  };
}

function readToken(token: string): { sub?: string | undefined; iat?: number | undefined } {
  try {
    return decodeJwt(token);
  } catch {
    throw new AuthError("keycloak.misconfigured", { internal: "admin_token: not a JWT" });
  }
}
