import { randomUUID } from "node:crypto";
import type { PrismaClient } from "@libs/database";
import type { Registry } from "@libs/observability";
import { type AuthError, isAuthError } from "../../errors/index.ts";
import { createKeycloakAdapters, type KeycloakAdapters, type KeycloakOptions } from "../../keycloak/index.ts";
import { type AuthMetrics, createAuthMetrics } from "../../metrics.ts";
import type {
  KeycloakEventSource,
  KeycloakPersonSource,
  KeycloakUserRepository,
  LogoutTokenVerifier,
  SessionTokenSet,
  TokenVerifier,
} from "../../ports.ts";
import { type ProtectionOptions, protectKeycloak } from "../../protection/index.ts";
import { authenticateWithPassword } from "./authenticate-with-password.ts";

export interface ClientDetails {
  /** The person's address, validated: Keycloak sees it instead of ours. */
  ipAddress?: string | undefined;
  userAgent?: string | undefined;
}

export interface AuthenticationOptions extends ClientDetails {
  /** The application's handle for the session to come; default: a random one. */
  sessionId?: string;
  /** One-time password, for users that have one configured. */
  otp?: string | undefined;
}

export type AuthenticationResult =
  | {
      success: true;
      userId: string;
      username: string;
      email: string | null;
      firstName: string | null;
      lastName: string | null;
      emailVerified: boolean;
      sessionId: string;
      tokens: SessionTokenSet;
      error?: undefined;
    }
  | { success: false; error: AuthError; tokens?: undefined };

/**
 * Keycloak as the application uses it: users, logins, refreshes, logouts. Knows nothing of the local database's rows;
 * `UserSyncService` keeps those in step.
 *
 * @example
 * const integration = KeycloakIntegrationService.create({ url, realm, clientId, clientSecret }, prisma, registry);
 * const login = await integration.authenticateWithPassword("ada", password, { ipAddress });
 */
export class KeycloakIntegrationService {
  readonly userRepository: KeycloakUserRepository;
  readonly tokenVerifier: TokenVerifier;
  /** The realm's stored events. */
  readonly eventSource: KeycloakEventSource;
  /** What Keycloak holds of a person beside the profile. */
  readonly personSource: KeycloakPersonSource;
  readonly logoutTokenVerifier: LogoutTokenVerifier;
  /** Keeps the realm's keys at hand, which verifying a logout token needs. @returns stops it */
  readonly keepKeys: () => () => void;
  /** Resolves while Keycloak answers for the realm. */
  readonly checkReady: () => Promise<void>;
  /** Tells a login or registration at its very beginning that there is no room for it. @throws AuthError `service.overloaded` */
  readonly assertRoom: () => void;

  constructor(
    private readonly adapters: KeycloakAdapters,
    private readonly metrics: AuthMetrics,
    /** The application's database, for those who build on this service. */
    readonly database: PrismaClient,
  ) {
    this.userRepository = adapters.userRepository;
    this.tokenVerifier = adapters.tokenVerifier;
    this.eventSource = adapters.eventSource;
    this.personSource = adapters.personSource;
    this.logoutTokenVerifier = adapters.logoutTokenVerifier;
    this.keepKeys = adapters.keepKeys;
    this.checkReady = adapters.checkReady;
    this.assertRoom = adapters.assertRoom;
  }

  /**
   * Builds the service over a real Keycloak.
   * @param metrics the registry that its metrics are put on
   * @param protection how calls are held back when Keycloak is busy or away; not at all when left out
   */
  static create(
    options: KeycloakOptions,
    dbClient: PrismaClient,
    metrics: Registry,
    protection?: ProtectionOptions,
  ): KeycloakIntegrationService {
    const authMetrics = createAuthMetrics(metrics);
    const adapters = createKeycloakAdapters(options, authMetrics.observeKeycloak);
    return new KeycloakIntegrationService(
      protection ? protectKeycloak(adapters, protection, metrics) : adapters,
      authMetrics,
      dbClient,
    );
  }

  /**
   * Resource owner password grant (RFC 6749 §4.3) with `scope=openid`. Never retried: two failures within a second
   * lock the user in Keycloak.
   * @returns a refusal (`auth.invalid_credentials`, `auth.action_required`) as `{ success: false, error }`
   * @throws AuthError `keycloak.*` when Keycloak could not decide
   */
  async authenticateWithPassword(
    username: string,
    password: string,
    options: AuthenticationOptions = {},
  ): Promise<AuthenticationResult> {
    const { sessionId = randomUUID(), ...client } = options;
    try {
      const login = await authenticateWithPassword(this.adapters, { username, password, ...client });
      return { success: true, sessionId, ...login };
    } catch (error) {
      if (isAuthError(error)) this.metrics.authOutcome("login", error.code);
      if (isAuthError(error, "auth.invalid_credentials", "auth.action_required")) return { success: false, error };
      throw error;
    }
  }

  /** Refresh grant (RFC 6749 §6). @throws AuthError `session.refused` (terminal) | `keycloak.*` (try again) */
  refreshToken(refreshToken: string, client: ClientDetails = {}): Promise<SessionTokenSet> {
    return this.adapters.tokenClient.refresh(refreshToken, client);
  }

  /** Ends the token's Keycloak session; idempotent. @throws AuthError `keycloak.*` */
  logout(refreshToken: string): Promise<void> {
    return this.adapters.tokenClient.logout(refreshToken);
  }
}
