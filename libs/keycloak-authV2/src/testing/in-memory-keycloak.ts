import { randomUUID } from "node:crypto";
import type {
  KeycloakPassword,
  KeycloakSession,
  KeycloakUser,
  ServerFeatureSource,
  ServerFeatures,
} from "../ports/ports.ts";
import type { ProfileAttribute } from "../ports/user-profile.ts";
import { InMemoryEventSource } from "./in-memory-event-source.ts";
import { InMemoryKeycloakUserRepository } from "./in-memory-keycloak-user-repository.ts";
import { InMemoryLogoutTokenVerifier } from "./in-memory-logout-token-verifier.ts";
import { InMemoryTokenClient } from "./in-memory-token-client.ts";
import { InMemoryTokenVerifier } from "./in-memory-token-verifier.ts";
import { TokenMint } from "./token-mint.ts";

export interface InMemoryKeycloakOptions {
  /** Milliseconds since the epoch. */
  now?: () => number;
  issuer?: string;
  clientId?: string;
  /** The realm's password policy; 8 when left out. */
  minPasswordLength?: number;
  /** User attributes that the realm declares; others are dropped without a word, as Keycloak does. */
  declaredAttributes?: readonly string[];
  /** Attributes of the realm's own, beside the four that every realm has; they are declared too. */
  profileAttributes?: readonly ProfileAttribute[];
  /** The realm's `registrationEmailAsUsername`: who has no email can't be created. */
  emailAsUsername?: boolean;
  /** Seconds; Keycloak's defaults when left out. */
  accessTokenLifespanSeconds?: number;
  ssoSessionIdleSeconds?: number;
  /** What this server can't do, of what the newest can. */
  features?: Partial<ServerFeatures>;
}

export interface StoredUser extends KeycloakUser {
  password: string;
  /** Needed with every login once set. */
  otp?: string;
  /** Brute-force protection, milliseconds since the epoch. */
  lastFailureAt: number;
  lockedUntil: number;
  failures: number;
}

const NEWEST: ServerFeatures = { createdFilter: true, searchByIds: true, filteredCounts: true, eventsByTime: true };

/**
 * A Keycloak realm in memory, for tests that need its behaviour but not its process. It passes the same contract suites
 * as the real one; whatever is not in those suites is not to be relied on.
 *
 * @example
 * const keycloak = new InMemoryKeycloak();
 * keycloak.before = (operation) => { if (operation === "delete_user") throw new AuthError("keycloak.unavailable") };
 * const { userRepository, tokenClient, tokenVerifier } = keycloak;
 */
export class InMemoryKeycloak {
  readonly users = new Map<string, StoredUser>();
  /** The gateway's own, read by id alone: no list of users has it. */
  readonly serviceAccount: KeycloakUser;
  readonly sessions = new Map<string, KeycloakSession>();
  /** Nothing here opens one: tests put them in. */
  readonly offlineSessions = new Map<string, KeycloakSession>();
  /** Of users whose password was not set with them. */
  readonly passwords = new Map<string, KeycloakPassword | null>();
  readonly options: Required<Omit<InMemoryKeycloakOptions, "features">>;
  readonly mint: TokenMint;
  readonly userRepository: InMemoryKeycloakUserRepository;
  readonly tokenClient: InMemoryTokenClient;
  readonly tokenVerifier: InMemoryTokenVerifier;
  readonly eventSource: InMemoryEventSource;
  readonly logoutTokenVerifier: InMemoryLogoutTokenVerifier;
  /** Tests change it to play an upgrade, or an older server. */
  readonly features: ServerFeatures;
  readonly serverFeatures: ServerFeatureSource;
  /** Runs before each operation; may throw an `AuthError` or wait, to play an outage or a slow Keycloak. */
  before: ((operation: string) => void | Promise<void>) | undefined;
  /** Runs after each operation has taken effect; throwing plays an answer that was lost. */
  after: ((operation: string) => void | Promise<void>) | undefined;
  /** Every operation that was called, in order. */
  readonly calls: string[] = [];

  constructor(options: InMemoryKeycloakOptions = {}) {
    this.options = {
      now: Date.now,
      issuer: "http://keycloak.test/realms/test",
      clientId: "gateway",
      minPasswordLength: 8,
      declaredAttributes: ["registrationId"],
      profileAttributes: [],
      emailAsUsername: false,
      accessTokenLifespanSeconds: 300,
      ssoSessionIdleSeconds: 1800,
      ...options,
    };
    this.features = { ...NEWEST, ...options.features };
    this.serverFeatures = { current: async () => ({ ...this.features }), doubt: () => {} };
    this.mint = new TokenMint(this.options);
    this.userRepository = new InMemoryKeycloakUserRepository(this);
    this.tokenClient = new InMemoryTokenClient(this);
    this.tokenVerifier = new InMemoryTokenVerifier(this);
    this.eventSource = new InMemoryEventSource(this);
    this.logoutTokenVerifier = new InMemoryLogoutTokenVerifier(this);
    this.serviceAccount = serviceAccountOf(this.options.clientId, new Date(this.options.now()));
  }

  checkReady = (): Promise<void> => this.perform("ready", () => undefined);

  /** Every operation of the fakes goes through here. */
  async perform<T>(operation: string, work: () => T): Promise<T> {
    this.calls.push(operation);
    await this.before?.(operation);
    const result = work();
    await this.after?.(operation);
    return result;
  }

  /** By username or email, without case. */
  findByName(name: string): StoredUser | undefined {
    const wanted = name.toLowerCase();
    return [...this.users.values()].find((user) => user.username === wanted || user.email === wanted);
  }

  removeUser(id: string): boolean {
    for (const sessions of [this.sessions, this.offlineSessions])
      for (const session of sessions.values()) if (session.userId === id) sessions.delete(session.id);
    return this.users.delete(id);
  }
}

function serviceAccountOf(clientId: string, createdAt: Date): KeycloakUser {
  return {
    id: randomUUID(),
    username: `service-account-${clientId}`,
    email: null,
    firstName: null,
    lastName: null,
    emailVerified: false,
    enabled: true,
    createdAt,
    attributes: {},
    requiredActions: [],
    notBefore: null,
  };
}
