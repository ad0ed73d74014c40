import { decodeJwt } from "jose";
import { z } from "zod";
import { AuthError } from "../errors/index.ts";
import type { EventPage, EventsConfig, KeycloakAdminEvent, KeycloakEventSource, KeycloakUserEvent } from "../ports.ts";
import type { AdminApi, AnswerReader, KeycloakAdminClient } from "./admin-api.ts";
import type { AdminTokenProvider } from "./admin-token-provider.ts";
import { readAdminEvents, readEventsConfig, readUserEvents } from "./event-representation.ts";

type Realms = KeycloakAdminClient["realms"];

/** A token's times are whole seconds, rounded down. */
const HALF_A_SECOND_MS = 500;

/** ADAPTER: the realm's stored events through Keycloak's admin REST API. Needs the role `view-events`. */
export class AdminKeycloakEventSource implements KeycloakEventSource {
  readonly #api: AdminApi;
  readonly #tokens: AdminTokenProvider;

  constructor(api: AdminApi, tokens: AdminTokenProvider) {
    this.#api = api;
    this.#tokens = tokens;
  }

  listUserEvents(page: EventPage): Promise<KeycloakUserEvent[]> {
    return this.#api.call<KeycloakUserEvent[]>(
      "list_user_events",
      async ({ realms, realmName }) =>
        readUserEvents(await realms.findEvents({ ...toQuery(page, realmName), type: page.types } as FindEvents)),
      forbidden("list_user_events"),
    );
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

/** Seconds. */
const notBeforeOf = z.object({ notBefore: z.number().nullish() });

// The client's types know neither `direction` nor times in epoch milliseconds (Keycloak 26.2), but it passes them on.
type FindEvents = Parameters<Realms["findEvents"]>[0];
type FindAdminEvents = Parameters<Realms["findAdminEvents"]>[0];

function toQuery({ from, to, first, max }: EventPage, realm: string) {
  return { realm, dateFrom: String(from.getTime()), dateTo: String(to.getTime()), first, max, direction: "asc" };
}

/** A missing right is told from other faults of the setup: it has a remedy of its own. */
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
