import { randomUUID } from "node:crypto";
import type { Activity, ActivityPosition, PersonSession, PrismaClient, Session, User } from "@libs/database";
import type { Registry } from "@libs/observability";
import { AuthError, isAuthError, SetupError } from "@libs/problems";
import type {
  ClientDetails,
  KeycloakAuthentication,
  KeycloakUserRepository,
  SessionTokenSet,
} from "../../ports/ports.ts";
import type { Sweep } from "../../workers/index.ts";
import { type BulkSyncResult, bulkSyncUsers } from "../reconcile/bulk-sync-users.ts";
import { type CollisionResolution, withCollisionResolved } from "../reconcile/resolve-collision.ts";
import { registrationSweep } from "../registration/recover-registrations.ts";
import { type RegisterUser, registerIdempotently } from "../registration/register-idempotently.ts";
import { type RegisterUserInput, registerUser } from "../registration/register-user.ts";
import { type LoggedIn, type LoginInput, type LoginOptions, login } from "../sessions/login.ts";
import { type LogoutEverywhereResult, logoutEverywhere, logoutPerson } from "../sessions/logout-everywhere.ts";
import { type LogoutInput, logoutSession } from "../sessions/logout-session.ts";
import { createLogoutSweep } from "../sessions/logout-sweep.ts";
import { pruneSweep } from "../sessions/prune-sweep.ts";
import { type RefreshInput, SessionRefresher } from "../sessions/refresh-session.ts";
import { type AuthenticationInput, syncOnAuthentication, undoLogin } from "../sessions/sync-on-authentication.ts";
import { updateSessionTokens } from "../sessions/update-session-tokens.ts";
import { authErrors, toAuthError } from "../shared/database-failure.ts";
import { followAtKeycloak, planLogout } from "../shared/end-at-keycloak.ts";
import type { RealmProfile } from "../shared/realm-profile.ts";
import type { PlainTokens } from "../shared/seal-tokens.ts";
import type { ComposedDeps } from "./composed-deps.ts";
import { createSyncDeps, type UserSyncOptions, type UserSyncSetup } from "./create-sync-deps.ts";

/** The options of the guide's form. */
type GuideOptions = UserSyncOptions & Pick<UserSyncSetup, "authentication">;

/**
 * What became of a registration.
 * @see {@link UserSyncService}
 */
export type RegisterUserResult =
  | { success: true; userId: string; localUser: User; error?: undefined }
  | { success: false; error: AuthError; userId?: undefined; localUser?: undefined };

/**
 * Keeps Keycloak and the application's database in step: registration, login, refresh, logout, bulk sync. A small
 * composition root over `services/*`.
 * @example
 * ```ts
 * import { PrismaClient } from "@libs/database";
 * import { type KeycloakAuthentication, KeycloakIntegrationService } from "@libs/keycloak-authV2";
 * import {
 *   type AuthenticatedSession,
 *   type AuthenticationInput,
 *   authenticationInput,
 *   type BulkSyncResult,
 *   type LoggedIn,
 *   type LoginInput,
 *   type LoginOptions,
 *   type LoginProtection,
 *   type PlainTokens,
 *   type RegisterUserInput,
 *   type RegisterUserResult,
 *   type UserSyncOptions,
 *   UserSyncService,
 *   type UserSyncSetup,
 * } from "@libs/keycloak-authV2/services/sync";
 * import { Registry } from "prom-client";
 *
 * const database = new PrismaClient();
 * const metrics = new Registry();
 * const clientSecret = process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const integration = KeycloakIntegrationService.create({
 *   keycloak: { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret },
 *   database,
 *   metrics,
 * });
 * const options: UserSyncOptions = { tokenEncryptionKeys: () => process.env.TOKEN_ENCRYPTION_KEYS ?? "" };
 * const keycloak = { repository: integration.userRepository, authentication: integration };
 * const setup: UserSyncSetup = { ...keycloak, database, metrics, ...options };
 * const sync = new UserSyncService(setup);
 *
 * const input: RegisterUserInput = { username: "ada", email: "ada@example.com", password: "correct-horse-1" };
 * const registered: RegisterUserResult = await sync.registerUser(input, { idempotencyKey: "signup-1" });
 * if (!registered.success) throw registered.error;
 *
 * const client = { ipAddress: "203.0.113.7" };
 * const who: LoginInput = { username: "ada", password: input.password };
 * const within: LoginProtection = (work) => work();
 * const how: LoginOptions<LoggedIn> = { client, protect: within, answer: (loggedIn) => loggedIn };
 * const { user, session, tokens }: LoggedIn = await sync.login(who, how);
 * await sync.refreshSession({ sessionId: session.sessionId, refreshToken: tokens.refresh_token }, client);
 *
 * // The guide's way: the caller asks Keycloak, and stores what it answered.
 * const authentication: KeycloakAuthentication = integration;
 * const login = await authentication.authenticateWithPassword("ada", input.password);
 * if (!login.success) throw login.error;
 * const authenticated: AuthenticationInput = authenticationInput(login, client);
 * const sessionData: AuthenticatedSession = authenticated.sessionData;
 * const plain: PlainTokens = sessionData;
 * await sync.syncOnAuthentication(authenticated);
 *
 * const { failed }: BulkSyncResult = await sync.bulkSyncUsers([user.id]);
 * console.log(failed.length, plain.tokenExpiresAt, await sync.endSession(session.sessionId));
 * ```
 */
export class UserSyncService {
  /** What the realm asks of people who register. */
  readonly realmProfile: Pick<RealmProfile, "current">;
  readonly #deps: ComposedDeps;
  readonly #register: RegisterUser;
  /** Of those who give what these need. */
  readonly #sessions: { authentication: KeycloakAuthentication; refresher: SessionRefresher } | undefined;

  /** @throws KeyRingError when no valid key ring is given, here or in `TOKEN_ENCRYPTION_KEYS` */
  constructor(setup: UserSyncSetup);
  /**
   * The guide's form of the same.
   * @throws KeyRingError when no valid key ring is given, here or in `TOKEN_ENCRYPTION_KEYS`
   */
  constructor(userRepository: KeycloakUserRepository, prisma: PrismaClient, metrics: Registry, options?: GuideOptions);
  constructor(...given: [UserSyncSetup] | [KeycloakUserRepository, PrismaClient, Registry, GuideOptions?]) {
    const setup = given.length === 1 ? given[0] : namedParts(...given);
    const deps = createSyncDeps(setup);
    this.#deps = deps;
    this.realmProfile = deps.realmProfile;
    const resolve: CollisionResolution = (profile, write) => withCollisionResolved(deps, profile, write);
    const registering = { ...deps, withCollisionResolved: resolve };
    this.#register = (input, attempt) => registerUser(registering, input, attempt);
    const { authentication } = setup;
    const refresher = authentication && new SessionRefresher({ ...this.#deps, authentication });
    this.#sessions = refresher && { authentication, refresher };
  }

  /**
   * Creates a user in Keycloak and here, or in neither.
   * @param options.idempotencyKey makes a repetition safe: the same input gets the same answer again
   * @param options.client where it came from, for the activity log
   * @returns a refusal (`registration.*`, `idempotency.*`, 4xx) as `{ success: false, error }`
   * @throws AuthError when it could not be done for a reason of ours: `keycloak.*`, `database.*`, `registration.undone`
   */
  async registerUser(
    input: RegisterUserInput,
    { idempotencyKey, client: from }: { idempotencyKey?: string | undefined; client?: ClientDetails } = {},
  ): Promise<RegisterUserResult> {
    const client = from && { ipAddress: from.ipAddress ?? null, userAgent: from.userAgent ?? null };
    try {
      const localUser = await this.#measured("register", () =>
        idempotencyKey === undefined
          ? this.#register(input, { id: randomUUID(), ...(client && { client }) })
          : registerIdempotently({ ...this.#deps, register: this.#register }, input, idempotencyKey, client),
      );
      return { success: true, userId: localUser.id, localUser };
    } catch (error) {
      if (isAuthError(error) && error.status < 500) return { success: false, error };
      throw error;
    }
  }

  /**
   * The whole login: Keycloak decides, the user and the session are stored, the caller's answer is made. Whatever fails on
   * the way, the session that Keycloak opened is ended.
   * @throws AuthError, see {@link login}; SetupError where the service has no `authentication`
   */
  login(input: LoginInput, options?: Omit<LoginOptions<never>, "answer">): Promise<LoggedIn>;
  /** @param options.answer makes the caller's answer; the login is undone where it throws */
  login<Answer>(input: LoginInput, options: LoginOptions<Answer>): Promise<Answer>;
  async login(input: LoginInput, options: Partial<LoginOptions<unknown>> = {}): Promise<unknown> {
    const { business, activities, background, now } = this.#deps;
    const { authentication } = this.#keycloakSessions;
    const deps = {
      authentication,
      business,
      activities,
      background,
      now,
      store: (login: AuthenticationInput) => this.syncOnAuthentication(login),
      undo: (session: Session) => undoLogin(this.#deps, session),
    };
    return await login(deps, input, { answer: (loggedIn) => loggedIn, ...options });
  }

  /** Stores a login: the user's fields and a new session, in one transaction. @throws AuthError */
  syncOnAuthentication(input: AuthenticationInput): Promise<{ user: User; session: Session }> {
    return this.#measured("login", () => syncOnAuthentication(this.#deps, input));
  }

  /** Live sessions of a person, those seen last first. @throws AuthError */
  listSessions(userId: string, limit = 200): Promise<PersonSession[]> {
    return authErrors(() => this.#deps.sessions.listOfPerson(userId, limit));
  }

  /** Ends a person's own session, from another of theirs. @throws AuthError `session.not_found`, another's included */
  async endOwnSession(userId: string, sessionId: string): Promise<void> {
    const { sessions, background, now } = this.#deps;
    const which = { userId, sessionId };
    const [ended] = await authErrors(() => sessions.endLive(which, "ended_elsewhere", now(), planLogout(now())));
    if (!ended) throw new AuthError("session.not_found");
    background.run("end session in Keycloak", () => followAtKeycloak(this.#deps, ended.keycloakSessionId));
  }

  /** What happened to a person, newest first. @param before the last row of the page before @throws AuthError */
  listActivity(userId: string, limit: number, before?: ActivityPosition): Promise<Activity[]> {
    return authErrors(() => this.#deps.activities.listByUser(userId, limit, before));
  }

  /** The user as the application knows them; null when not known or deleted. @throws AuthError */
  async findUser(userId: string): Promise<User | null> {
    const user = await authErrors(() => this.#deps.users.findById(userId));
    return user?.deletedAt ? null : user;
  }

  /**
   * Refreshes a session: one call to Keycloak however many ask at once.
   * @param client where it comes from, for Keycloak
   * @throws AuthError, see {@link SessionRefresher.refresh}; SetupError where the service has no `authentication`
   */
  async refreshSession(input: RefreshInput, client?: ClientDetails): Promise<SessionTokenSet> {
    const { refresher } = this.#keycloakSessions;
    return await this.#measured("refresh", () => refresher.refresh(input, client));
  }

  /** Stores tokens that the caller refreshed by itself. @throws AuthError `session.invalid` */
  updateSessionTokens(sessionId: string, tokens: PlainTokens): Promise<Session> {
    return authErrors(() => updateSessionTokens(this.#deps, sessionId, tokens));
  }

  /**
   * Ends a session on both sides, for a caller that proves it with the session's refresh token.
   * @throws AuthError; SetupError where the service has no `authentication`
   */
  async logoutSession(input: LogoutInput): Promise<void> {
    const { authentication } = this.#keycloakSessions;
    await this.#measured("logout", () => logoutSession({ ...this.#deps, authentication }, input));
  }

  /**
   * Marks a session as ended and erases its tokens. Keycloak's session is ended soon after, if the caller has not done so.
   * @returns whether it was live
   */
  async endSession(sessionId: string): Promise<boolean> {
    const { sessions, now } = this.#deps;
    const logout = planLogout(now());
    return (await authErrors(() => sessions.end(sessionId, "logout", now(), { logout }))) !== null;
  }

  /** Ends every session of a user on both sides, offline ones included. @throws AuthError, see {@link logoutEverywhere} */
  logoutEverywhere(userId: string): Promise<LogoutEverywhereResult> {
    return authErrors(() => logoutEverywhere(this.#deps, userId));
  }

  /** Logs a person out of everything who asks for it. @throws AuthError, see {@link logoutPerson} */
  logoutPerson(userId: string): Promise<LogoutEverywhereResult & { complete: boolean }> {
    return authErrors(() => logoutPerson(this.#deps, userId));
  }

  /** What finishes in the background whatever a crash or an outage left: for `startSweeps`. */
  sweeps(): Sweep[] {
    return [registrationSweep(this.#deps), createLogoutSweep(this.#deps), pruneSweep(this.#deps)];
  }

  /** Copies the named Keycloak users into the local database. @param userIds Keycloak user ids */
  bulkSyncUsers(userIds: readonly string[]): Promise<BulkSyncResult> {
    return bulkSyncUsers(this.#deps, userIds);
  }

  get #keycloakSessions(): { authentication: KeycloakAuthentication; refresher: SessionRefresher } {
    if (this.#sessions) return this.#sessions;
    throw new SetupError("setup.missing", "UserSyncService: give it `authentication`, the KeycloakIntegrationService");
  }

  async #measured<T>(flow: "register" | "login" | "refresh" | "logout", work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#deps.metrics.authOutcome(flow, "success");
      return result;
    } catch (thrown) {
      const error = toAuthError(thrown);
      this.#deps.metrics.authOutcome(flow, error.code);
      if (error.status >= 500) this.#deps.logger.error({ err: error, flow }, "flow failed");
      throw error;
    }
  }
}

function namedParts(
  repository: KeycloakUserRepository,
  database: PrismaClient,
  metrics: Registry,
  options: GuideOptions = {},
): UserSyncSetup {
  return { ...options, repository, database, metrics };
}
