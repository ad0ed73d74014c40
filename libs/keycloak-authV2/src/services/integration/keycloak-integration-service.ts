import { randomUUID } from "node:crypto";
import type { PublishedKeys } from "@libs/auth-guard/keycloak";
import { createRepositories, type PrismaClient } from "@libs/database";
import { BackgroundTasks, type Logger, type Registry, silentLogger } from "@libs/observability";
import { type AuthErrorCode, isAuthError } from "@libs/problems";
import { createKeycloakAdapters, type KeycloakAdapters, type KeycloakOptions } from "../../keycloak/index.ts";
import { type AuthMetrics, createAuthMetrics } from "../../metrics/metrics.ts";
import type {
  AuthenticationOptions,
  AuthenticationResult,
  ClientDetails,
  KeycloakAuthentication,
  KeycloakEventSource,
  KeycloakPersonSource,
  KeycloakUserRepository,
  LogoutTokenVerifier,
  OpenedSession,
  ServerFeatureSource,
  SessionTokenSet,
  TokenVerifier,
} from "../../ports/ports.ts";
import { type ProtectionOptions, protectKeycloak } from "../../protection/index.ts";
import type { Wake } from "../../workers/index.ts";
import { endUnrecordedSession } from "../sessions/end-unrecorded-session.ts";
import { readClaims } from "../shared/token-times.ts";
import { authenticateWithPassword, verifyOwnToken } from "./authenticate-with-password.ts";

/**
 * What a {@link KeycloakIntegrationService} shares with its process.
 * @see {@link KeycloakIntegrationService}
 */
export interface IntegrationOptions {
  logger?: Logger;
  /** Work that outlives its call; a process drains it before it stops. Default: the service's own, see `drain`. */
  background?: BackgroundTasks;
  /** Has a sweep of `UserSyncService.sweeps` run soon. Left out: they run at their interval alone. */
  wake?: Wake;
  /** Called with each access token that a login or refresh gets: whether it names its user (`sub`). */
  onPersonToken?: (namesUser: boolean) => void;
}

/**
 * What every facade stands on.
 * @see {@link KeycloakIntegrationService}
 */
export interface FacadeParts {
  /** The application's database. */
  database: PrismaClient;
  /** The registry that its metrics are put on. */
  metrics: Registry;
}

/**
 * All that a {@link KeycloakIntegrationService} is made of, in one object.
 * @see {@link KeycloakIntegrationService}
 */
export interface IntegrationSetup extends FacadeParts, IntegrationOptions {
  /** Where Keycloak is, and who this application is to it. */
  keycloak: KeycloakOptions;
  /** How calls are held back when Keycloak is busy or away; not at all when left out. */
  protection?: ProtectionOptions;
}

/** What is about the person who logs in; all else is about us or Keycloak. */
const REFUSALS = [
  "auth.invalid_credentials",
  "auth.action_required",
  "auth.denied",
  "auth.session_limit",
] as const satisfies AuthErrorCode[];

/**
 * Keycloak as the application uses it: users, logins, refreshes, logouts. Knows nothing of the local database's rows;
 * `UserSyncService` keeps those in step.
 * @example
 * ```ts
 * import { PrismaClient } from "@libs/database";
 * import {
 *   type AuthenticationOptions,
 *   type AuthenticationResult,
 *   type ClientDetails,
 *   type FacadeParts,
 *   type IntegrationOptions,
 *   type IntegrationSetup,
 *   KeycloakIntegrationService,
 *   type KeycloakOptions,
 *   type ProtectionOptions,
 * } from "@libs/keycloak-authV2";
 * import { silentLogger } from "@libs/observability";
 * import { Registry } from "prom-client";
 *
 * const clientSecret = () => process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const keycloak: KeycloakOptions = { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret };
 * const protection: ProtectionOptions = {
 *   hashing: { concurrency: 8, queue: 100, waitMs: 2000 },
 *   circuit: { failures: 5, retryMs: 1000 },
 *   logger: silentLogger,
 * };
 * const parts: FacadeParts = { database: new PrismaClient(), metrics: new Registry() };
 * const options: IntegrationOptions = { logger: silentLogger };
 * const setup: IntegrationSetup = { keycloak, protection, ...parts, ...options };
 * const integration = KeycloakIntegrationService.create(setup);
 *
 * const client: ClientDetails = { ipAddress: "203.0.113.7", userAgent: "curl/8" };
 * const login: AuthenticationOptions = { ...client, otp: "123456" };
 * const result: AuthenticationResult = await integration.authenticateWithPassword("ada", "correct-horse-1", login);
 * if (result.success) await integration.logout(result.tokens.refresh_token);
 * else console.warn(result.error.code);
 * await integration.drain(); // before the process stops
 * ```
 */
export class KeycloakIntegrationService implements KeycloakAuthentication {
  readonly userRepository: KeycloakUserRepository;
  readonly tokenVerifier: TokenVerifier;
  /** The realm's stored events. */
  readonly eventSource: KeycloakEventSource;
  /** What Keycloak holds of a person beside the profile. */
  readonly personSource: KeycloakPersonSource;
  readonly logoutTokenVerifier: LogoutTokenVerifier;
  /** The realm's keys as this process fetches them: `openGuard({ publishedKeys })` in the same process fetches none itself. */
  readonly publishedKeys: PublishedKeys;
  /** What this Keycloak can do. */
  readonly serverFeatures: ServerFeatureSource;
  /** Keeps the realm's keys at hand, which verifying a logout token needs. @returns stops it */
  readonly keepKeys: () => () => void;
  /** Resolves while Keycloak answers for the realm. */
  readonly checkReady: () => Promise<void>;
  /** Has the service account's next call fetch a new token: rights that were given back are in new tokens alone. */
  readonly renewRights: () => void;
  /**
   * Refuses a login or registration at its very beginning when there is no room for it. @throws AuthError
   * `service.overloaded`
   */
  readonly assertRoom: () => void;

  readonly #background: BackgroundTasks;
  readonly #ownTokens: TokenVerifier;
  readonly #endUnrecorded: (session: OpenedSession, failure: unknown) => void;

  constructor(
    private readonly adapters: KeycloakAdapters,
    private readonly metrics: AuthMetrics,
    /** The application's database, for those who build on this service. */
    readonly database: PrismaClient,
    {
      logger = silentLogger,
      background = new BackgroundTasks(logger),
      wake = () => {},
      onPersonToken = () => {},
    }: IntegrationOptions = {},
  ) {
    this.#background = background;
    const { sessions, keycloakLogouts } = createRepositories(database, metrics.observeDatabase);
    const ending = { keycloak: adapters.userRepository, sessions, keycloakLogouts, now: () => new Date(), wake };
    this.#endUnrecorded = (session, failure) => {
      const { refreshToken, ...opened } = session;
      const { userId } = opened;
      const byToken = refreshToken !== null && { endByToken: () => adapters.tokenClient.logout(refreshToken) };
      logger.error({ err: failure, userId }, "a login failed after Keycloak had accepted it: its session is ended");
      background.run("end unrecorded session", () => endUnrecordedSession(ending, { ...opened, ...byToken }));
    };
    this.userRepository = adapters.userRepository;
    this.tokenVerifier = adapters.tokenVerifier;
    this.#ownTokens = {
      verifyAccessToken: (token, options) => {
        const claims = readClaims(token);
        if (claims) onPersonToken(claims.sub !== undefined);
        return adapters.tokenVerifier.verifyAccessToken(token, options);
      },
    };
    this.eventSource = adapters.eventSource;
    this.personSource = adapters.personSource;
    this.logoutTokenVerifier = adapters.logoutTokenVerifier;
    this.publishedKeys = adapters.publishedKeys;
    this.serverFeatures = adapters.serverFeatures;
    this.keepKeys = adapters.keepKeys;
    this.checkReady = adapters.checkReady;
    this.renewRights = adapters.renewRights;
    this.assertRoom = adapters.assertRoom;
  }

  /** Builds the service over a real Keycloak. */
  static create(setup: IntegrationSetup): KeycloakIntegrationService;
  /**
   * The guide's form of the same.
   * @param options where Keycloak is, and this process's client
   * @param dbClient the application's database
   * @param metrics the registry that its metrics are put on
   * @param protection how calls are held back when Keycloak is busy or away; not at all when left out
   * @param surroundings where it logs, and who waits for what outlives a call
   * @throws SetupError for an option that can't be used
   */
  static create(
    options: KeycloakOptions,
    dbClient: PrismaClient,
    metrics: Registry,
    protection?: ProtectionOptions,
    surroundings?: IntegrationOptions,
  ): KeycloakIntegrationService;
  static create(
    ...given: [IntegrationSetup] | [KeycloakOptions, PrismaClient, Registry, ProtectionOptions?, IntegrationOptions?]
  ): KeycloakIntegrationService {
    const { keycloak, database, metrics, protection, ...surroundings } =
      given.length === 1 ? given[0] : namedParts(...given);
    const authMetrics = createAuthMetrics(metrics);
    const { logger = silentLogger, background = new BackgroundTasks(logger) } = surroundings;
    const adapters = createKeycloakAdapters(keycloak, {
      observe: authMetrics.observeKeycloak,
      keepLate: (work) => background.run("wait for a late answer", work),
    });
    return new KeycloakIntegrationService(
      protection ? protectKeycloak(adapters, protection, metrics) : adapters,
      authMetrics,
      database,
      { ...surroundings, background },
    );
  }

  /**
   * Resource owner password grant (RFC 6749 §4.3) with `scope=openid`. Never retried: two failures within a second
   * lock the user in Keycloak. Where Keycloak lets somebody in and its answer is of no use here (a token that no guard
   * would accept, none to refresh with), the session that it opened is ended: in the background, tried again, and queued.
   * @returns a refusal of the person (`auth.*`) as `{ success: false, error }`
   * @throws AuthError `keycloak.*` when Keycloak could not decide
   */
  async authenticateWithPassword(
    username: string,
    password: string,
    options: AuthenticationOptions = {},
  ): Promise<AuthenticationResult> {
    const { sessionId = randomUUID(), ...client } = options;
    try {
      const login = await authenticateWithPassword(this.#authentication, { username, password, ...client });
      return { success: true, sessionId, ...login };
    } catch (error) {
      if (isAuthError(error)) this.metrics.authOutcome("login", error.code);
      if (isAuthError(error, ...REFUSALS)) return { success: false, error };
      throw error;
    }
  }

  /**
   * Refresh grant (RFC 6749 §6). The new access token is checked as a login's is, its signature once a minute; where the realm's keys can't be fetched
   * it is taken as Keycloak gave it, since the old token may be spent by now.
   * @throws AuthError `session.refused` (terminal) | `keycloak.misconfigured` (also: no guard would accept the new token;
   *   the session stays) | `keycloak.*` (try again)
   */
  async refreshToken(refreshToken: string, client: ClientDetails = {}): Promise<SessionTokenSet> {
    const tokens = await this.adapters.tokenClient.refresh(refreshToken, client);
    try {
      await verifyOwnToken(this.#ownTokens, tokens.access_token, { justIssued: true });
    } catch (error) {
      if (!isAuthError(error, "keycloak.unavailable", "keycloak.timeout")) throw error;
    }
    return tokens;
  }

  /** Ends the token's Keycloak session; idempotent. @throws AuthError `keycloak.*` */
  logout(refreshToken: string): Promise<boolean> {
    return this.adapters.tokenClient.logout(refreshToken);
  }

  /** Resolves when nothing that outlived its call is running any more: for a process that stops. */
  drain(): Promise<void> {
    return this.#background.drain();
  }

  get #authentication() {
    const { tokenClient } = this.adapters;
    return { tokenClient, tokenVerifier: this.#ownTokens, endUnrecorded: this.#endUnrecorded };
  }
}

function namedParts(
  keycloak: KeycloakOptions,
  database: PrismaClient,
  metrics: Registry,
  protection?: ProtectionOptions,
  surroundings: IntegrationOptions = {},
): IntegrationSetup {
  return { ...surroundings, keycloak, database, metrics, ...(protection && { protection }) };
}
