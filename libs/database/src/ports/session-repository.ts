import type { LiveSession, PersonSession, Session, SessionEndReason, SessionTokens } from "./session.ts";
import type { KeycloakProfile, User } from "./user-repository.ts";

/**
 * What a login writes.
 * @see {@link SessionRepository}
 */
export interface LoginRecord {
  profile: KeycloakProfile;
  /** A preference of the caller: taken only where the row has no store yet. */
  storeId: string | null;
  /** Insert the user even where an unfinished registration of that name exists. */
  ignoreUnfinished?: boolean;
  session: SessionTokens & {
    sessionId: string;
    keycloakSessionId: string;
    ipAddress: string | null;
    userAgent: string | null;
    startedAt: Date;
  };
  now: Date;
}

/**
 * How a presented refresh token relates to a session. `spent`: it was this session's once and has been replaced.
 * @see {@link SessionRepository}
 */
export type RefreshTokenStanding = "current" | "spent" | "unknown";

/**
 * What a refresh token is to its session, and the lease to exchange it, where this caller has it.
 * @see {@link SessionRepository}
 */
export interface RefreshAttempt {
  session: Session;
  standing: RefreshTokenStanding;
  /** When the token was spent; null unless `spent`. */
  spentAt: Date | null;
  /**
   * The lease's number, higher with each lease: what is stored under it is refused once somebody has a higher one. null:
   * this caller may not exchange it (another has the lease, the token is not the current one, the session has ended).
   */
  fence: bigint | null;
}

/**
 * How Keycloak's side of an ended session follows: a row that waits for it, written with the end itself.
 * @see {@link SessionRepository}
 */
export interface LogoutPlan {
  /** When the row is first due: later than the call that is about to be made at once. */
  nextAttemptAt: Date;
  /** How much longer than by its last refresh token the session can live: a refresh under way. Milliseconds. */
  marginMs: number;
  /** Until when a session without an end of its own (offline) is tried. */
  latestExpiresAt: Date;
}

/**
 * A refresh token of a session whose issue the database has lost, by which it finds what came after.
 * @see {@link SessionRepository}
 */
export interface LostToken {
  refreshTokenHash: string;
  /** By then it had replaced the one that the row knows. */
  issuedAt: Date;
}

/**
 * How {@link SessionRepository} ends a session.
 * @see {@link SessionRepository}
 */
export interface EndOptions {
  /** Ends the session only while this lease and this refresh token are its newest. */
  onlyIf?: { fence: bigint; refreshTokenHash: string };
  /** Left out: Keycloak's session is known to have ended. */
  logout?: LogoutPlan;
}

/**
 * Which live sessions.
 * @see {@link SessionRepository}
 */
export type LiveSessions =
  | { keycloakSessionIds: readonly string[] }
  /** Those of a user, or of them one; or those that started before a time, except one `sid`; or with tokens from before. */
  | {
      userId: string;
      sessionId?: string;
      startedBefore?: Date;
      issuedBefore?: Date;
      exceptKeycloakSessionId?: string | null;
    };

/**
 * Where a page of all live sessions ended; null as an answer: there are no more.
 * @see {@link SessionRepository}
 */
export type LivePosition = Pick<Session, "userId" | "sessionId">;

/**
 * A page of all live sessions.
 * @see {@link SessionRepository}
 */
export interface LivePage {
  /** Where the page before ended; null: the first one. */
  after: LivePosition | null;
  limit: number;
}

/**
 * PORT: application sessions. Every write is one transaction.
 * @example
 * ```ts
 * import type {
 *   EndOptions,
 *   LivePage,
 *   LivePosition,
 *   LiveSession,
 *   LiveSessions,
 *   LoginRecord,
 *   LogoutPlan,
 *   LostToken,
 *   PersonSession,
 *   RefreshAttempt,
 *   RefreshTokenStanding,
 *   Session,
 *   SessionEndReason,
 *   SessionRepository,
 *   SessionTokens,
 * } from "@libs/database";
 *
 * const reason: SessionEndReason = "logout";
 * const current: RefreshTokenStanding = "current";
 *
 * export async function logIn(sessions: SessionRepository, login: LoginRecord): Promise<PersonSession[]> {
 *   const { user } = await sessions.recordLogin(login);
 *   return sessions.listOfPerson(user.id, 20);
 * }
 *
 * export async function refresh(
 *   sessions: SessionRepository,
 *   { sessionId, hash }: { sessionId: string; hash: string },
 *   { tokens, lost }: { tokens: SessionTokens; lost?: LostToken },
 * ): Promise<Session | null> {
 *   const attempt: RefreshAttempt | null = await sessions.beginRefresh(sessionId, hash, 10_000);
 *   if (attempt?.standing !== current || attempt.fence === null) return null;
 *   return sessions.replaceTokens(sessionId, hash, tokens, new Date(), attempt.fence, lost);
 * }
 *
 * export async function endBefore(sessions: SessionRepository, before: Date, logout: LogoutPlan): Promise<void> {
 *   for (let after: LivePosition | null = null; ; ) {
 *     const page: LivePage = { after, limit: 500 };
 *     ({ last: after } = await sessions.endIssuedBefore(before, reason, new Date(), page, logout));
 *     if (after === null) return;
 *   }
 * }
 *
 * export async function logOut(sessions: SessionRepository, sessionId: string, logout: LogoutPlan): Promise<LiveSession[]> {
 *   const options: EndOptions = { logout };
 *   const ended = await sessions.end(sessionId, reason, new Date(), options);
 *   const others: LiveSessions = { userId: ended?.userId ?? "" };
 *   return sessions.findLive(others);
 * }
 * ```
 */
export interface SessionRepository {
  /**
   * One transaction: `lastLoginAt`, `loginCount + 1`, insert the session, log and record `session.started`. A user that
   * is not known here is inserted, a tombstone revived, with a notice to reconcile it: it may have been deleted
   * meanwhile. Keycloak's fields of a known user are left alone: this login may be older than what wrote them.
   * @throws UniqueViolationError when another live user holds the username or email (nothing is written)
   * @throws UnfinishedRegistrationError when the user is not known here and its name is being registered (nothing is written)
   * @throws ForeignKeyViolationError when `storeId` does not exist (nothing is written)
   */
  recordLogin(login: LoginRecord): Promise<{ user: User; session: Session }>;
  findById(sessionId: string): Promise<Session | null>;
  /** The session, what `refreshTokenHash` is to it, and when it was spent (null unless `spent`), in one round trip. */
  findWithStanding(
    sessionId: string,
    refreshTokenHash: string,
  ): Promise<{ session: Session; standing: RefreshTokenStanding; spentAt: Date | null } | null>;
  /**
   * Takes the session's refresh lease, if `refreshTokenHash` is the current one and the lease is free or has expired, and
   * reads the row in the same round trip. Only the caller that got the lease (`fence` is not null) may exchange the token at
   * Keycloak. No transaction or connection is held afterwards. Leases are timed by the database's clock.
   * @param leaseMs how long the lease keeps others away, in milliseconds
   * @returns null when there is no such session
   */
  beginRefresh(sessionId: string, refreshTokenHash: string, leaseMs: number): Promise<RefreshAttempt | null>;
  /** Frees a lease early, because its exchange failed. A lease that somebody else has by now is left alone. */
  releaseRefresh(sessionId: string, fence: bigint): Promise<void>;
  /**
   * Stores new tokens where the session is live and its current hash is still `expectedRefreshTokenHash`; the replaced
   * hash becomes the previous one and is kept among the spent ones, the lease is freed. One transaction.
   * @param fence of the caller's lease: refused when there has been a newer one
   * @param lost the token that was exchanged, where it is not the current one: it becomes the previous one, and is kept
   *   among the spent ones beside the replaced
   * @returns the row as stored, or null when the session ended or somebody else stored first (nothing is written)
   */
  replaceTokens(
    sessionId: string,
    expectedRefreshTokenHash: string | null,
    tokens: SessionTokens,
    now: Date,
    fence?: bigint,
    lost?: LostToken,
  ): Promise<Session | null>;
  /**
   * Ends a live session and erases its tokens; logs `session.ended`, and for a token presented twice
   * `session.refresh_token_reused` too. The hashes stay, so that a replay is still known.
   * @returns the session as it was *before* (tokens included, for Keycloak's logout), or null when none was live
   */
  end(sessionId: string, reason: SessionEndReason, now: Date, options?: EndOptions): Promise<Session | null>;
  /** Ends every live session of a user, each like {@link end}. @returns their Keycloak session ids */
  endAll(userId: string, reason: SessionEndReason, now: Date, logout: LogoutPlan): Promise<string[]>;
  /** Ends live sessions, each like {@link end}. @param logout left out: Keycloak's are known to have ended */
  endLive(
    which: LiveSessions,
    reason: SessionEndReason,
    now: Date,
    logout?: LogoutPlan,
  ): Promise<Pick<LiveSession, "sessionId" | "userId" | "keycloakSessionId">[]>;
  /**
   * Checks live sessions whose check is due, those due first, `limit` at most: ends each whose refresh token has run out,
   * like {@link end} with `expired`, and has the others checked when theirs runs out. A session is due no later than its
   * refresh token runs out, but may be due earlier: refreshes move only the latter.
   */
  endExpired(now: Date, limit: number): Promise<{ checked: number; ended: number }>;
  /**
   * Ends those of a page of everybody's live sessions whose tokens were issued before a time, each like {@link end}. One
   * that another transaction holds is left out: go through them again.
   */
  endIssuedBefore(
    before: Date,
    reason: SessionEndReason,
    now: Date,
    page: LivePage,
    logout: LogoutPlan,
  ): Promise<{ ended: number; last: LivePosition | null }>;
  /** Keeps a session when the password is changed in it, see {@link Session.keptAsOf}. */
  keepAfterPassword(keycloakSessionId: string, changedAt: Date): Promise<void>;
  findLive(which: LiveSessions): Promise<LiveSession[]>;
  /** A user's live sessions, those seen last first. */
  listOfPerson(userId: string, limit: number): Promise<PersonSession[]>;
  /** Sessions, ended ones too, that started in a span of time; some of them when there are more than `limit`. */
  findStartedBetween(from: Date, to: Date, limit: number): Promise<Pick<Session, "keycloakSessionId" | "startedAt">[]>;
}
