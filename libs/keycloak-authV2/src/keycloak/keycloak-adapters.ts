import {
  clientCredentials,
  DEFAULT_TIMEOUT_MS,
  type KeycloakOptions,
  keycloakEndpoints,
  PublishedKeys,
  RealmIssuer,
} from "@libs/auth-guard/keycloak";
import type {
  KeycloakEventSource,
  KeycloakPersonSource,
  KeycloakUserRepository,
  LogoutTokenVerifier,
  ServerFeatureSource,
  TokenClient,
  TokenVerifier,
} from "../ports/ports.ts";
import { AdminApi } from "./calls/admin-api.ts";
import { AdminTokenProvider } from "./calls/admin-token-provider.ts";
import type { CallObserver } from "./calls/call-observer.ts";
import type { KeepLate } from "./calls/post-form.ts";
import { AdminKeycloakUserRepository } from "./keycloak-admin-user-repository.ts";
import { AdminKeycloakEventSource } from "./keycloak-event-source.ts";
import { AdminKeycloakPersonSource } from "./keycloak-person-source.ts";
import { JoseLogoutTokenVerifier } from "./logout-token-verifier.ts";
import { OpenIdTokenClient } from "./openid-token-client.ts";
import { checkKeycloak } from "./readiness.ts";
import { RealmKeys } from "./realm-keys.ts";
import { EventTypes } from "./server/event-types.ts";
import { KnownAnswer } from "./server/known-answer.ts";
import { probeServer } from "./server/probe-server.ts";
import { readEventTypes } from "./server/read-event-types.ts";
import { JoseTokenVerifier } from "./token-verifier.ts";

/**
 * The ports on one realm of a real Keycloak.
 * @see {@link createKeycloakAdapters}
 */
export interface KeycloakAdapters {
  userRepository: KeycloakUserRepository;
  tokenClient: TokenClient;
  tokenVerifier: TokenVerifier;
  eventSource: KeycloakEventSource;
  personSource: KeycloakPersonSource;
  logoutTokenVerifier: LogoutTokenVerifier;
  /** The realm's keys, fetched once for all verifiers of this process. */
  publishedKeys: PublishedKeys;
  /** What this Keycloak can do. */
  serverFeatures: ServerFeatureSource;
  /** Fetches the realm's issuer now, its keys now and then every minute: logout tokens are verified with keys that are known. @returns stops it */
  keepKeys(): () => void;
  /** For a readiness probe. @throws AuthError */
  checkReady(): Promise<void>;
  /** Has the service account's next call fetch a new token: rights that were given back are in new tokens alone. */
  renewRights(): void;
  /** For flows that hash a password, before they begin. @throws AuthError `service.overloaded` */
  assertRoom(): void;
}

/**
 * Every adapter for one realm, sharing one admin token.
 * @param options where Keycloak is, and this process's client
 * @param parts.observe learns of each call
 * @param parts.keepLate is given the wait for answers that come too late for their callers
 * @example
 * ```ts
 * import { type CallObserver, createKeycloakAdapters, type KeycloakAdapters } from "@libs/keycloak-authV2/keycloak";
 *
 * const observe: CallObserver = (operation, outcome, seconds) => console.log(operation, outcome, seconds);
 * const clientSecret = () => process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const keycloak: KeycloakAdapters = createKeycloakAdapters(
 *   { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret },
 *   { observe },
 * );
 * await keycloak.checkReady();
 * export const count = await keycloak.userRepository.countUsers();
 * ```
 */
export function createKeycloakAdapters(
  options: KeycloakOptions,
  { observe, keepLate }: { observe?: CallObserver; keepLate?: KeepLate } = {},
): KeycloakAdapters {
  const endpoints = keycloakEndpoints(options);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const tokens = new AdminTokenProvider({
    tokenUrl: endpoints.token,
    grant: () => ({ grant_type: "client_credentials", ...clientCredentials(options) }),
    timeoutMs,
    observe,
  });
  const onOutage = () => {
    serverFeatures.expire();
    listedTypes.expire();
  };
  const api = new AdminApi({ url: endpoints.base, realm: options.realm, tokens, timeoutMs, observe, onOutage });
  const serverFeatures = new KnownAnswer(() => probeServer(api, options.clientId), { freshMs: 60_000 });
  const listedTypes = new KnownAnswer(() => readEventTypes(api), { freshMs: 600_000 });
  const publishedKeys = new PublishedKeys({ certs: endpoints.certs, timeoutMs: options.timeoutMs });
  const keys = new RealmKeys(publishedKeys);
  const issuer = new RealmIssuer(options);
  return {
    userRepository: new AdminKeycloakUserRepository(api, options.clientId, serverFeatures),
    tokenClient: new OpenIdTokenClient(options, { observe, issuer, keep: keepLate }),
    tokenVerifier: new JoseTokenVerifier(options, { keys, issuer }),
    eventSource: new AdminKeycloakEventSource(api, tokens, new EventTypes(listedTypes)),
    personSource: new AdminKeycloakPersonSource(api),
    serverFeatures,
    publishedKeys,
    logoutTokenVerifier: new JoseLogoutTokenVerifier(options, { keys, issuer }),
    keepKeys: () => {
      issuer.warm();
      return publishedKeys.keepFresh();
    },
    checkReady: () => checkKeycloak(options),
    renewRights: () => tokens.forget(),
    assertRoom: () => {},
  };
}
