import { UniqueViolationError } from "@libs/postgres";
import { keycloakFields } from "../ports/profile-change.ts";
import { refreshTokenStanding } from "../ports/refresh-token-standing.ts";
import type { LiveSession, PersonSession, Session, SessionEndReason, SessionTokens } from "../ports/session.ts";
import type {
  EndOptions,
  LivePage,
  LivePosition,
  LiveSessions,
  LoginRecord,
  LogoutPlan,
  LostToken,
  RefreshAttempt,
  RefreshTokenStanding,
  SessionRepository,
} from "../ports/session-repository.ts";
import type { User } from "../ports/user-repository.ts";
import { type InMemoryDatabase, newUser, sameName } from "./in-memory-database.ts";
import { InMemoryFeedRepository } from "./in-memory-feed-repository.ts";

/** Passes the contract of the real one. */
export class InMemorySessionRepository implements SessionRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async recordLogin({
    profile,
    storeId,
    ignoreUnfinished,
    session,
    now,
  }: LoginRecord): Promise<{ user: User; session: Session }> {
    const { users, sessions } = this.database;
    const known = users.get(profile.id);
    const provisions = !known || known.deletedAt !== null;
    if (provisions && !ignoreUnfinished) this.database.assertMayInsert(profile);
    if (provisions) this.database.assertNamesFree(profile);
    this.assertSessionFree(session);
    const before = known ?? newUser(profile, now);
    const user: User = {
      ...before,
      ...(provisions && { ...keycloakFields(profile), syncedAt: now, deletedAt: null }),
      storeId: before.storeId ?? storeId,
      loginCount: before.loginCount + 1,
      lastLoginAt: now,
      updatedAt: now,
    };
    this.database.assertRelations(user);
    const started: Session = {
      ...session,
      userId: profile.id,
      lastSeenAt: now,
      previousRefreshTokenHash: null,
      refreshedAt: null,
      keptAsOf: null,
      endedAt: null,
      endReason: null,
    };
    users.set(user.id, user);
    sessions.set(started.sessionId, started);
    this.database.expiryChecks.set(started.sessionId, started.refreshExpiresAt);
    const { sessionId, ipAddress, userAgent } = session;
    this.database.log({
      userId: user.id,
      type: "session.started",
      at: now,
      ipAddress,
      userAgent,
      details: { sessionId },
    });
    // Grants to an email are taken over only where row and login both say that it is verified.
    if (profile.emailVerified && sameName(profile.email ?? "", user.email ?? ""))
      this.database.takeOverGrants(user, now, { ipAddress, userAgent });
    if (provisions) await this.#recordProvisioned(user, now);
    this.database.record(user.id, { type: "session.started", payload: { sessionId, ipAddress, userAgent } }, now);
    return structuredClone({ user, session: started });
  }

  async findById(sessionId: string): Promise<Session | null> {
    return structuredClone(this.database.sessions.get(sessionId) ?? null);
  }

  async findWithStanding(
    sessionId: string,
    refreshTokenHash: string,
  ): Promise<{ session: Session; standing: RefreshTokenStanding; spentAt: Date | null } | null> {
    const session = this.database.sessions.get(sessionId);
    if (!session) return null;
    const spentAt = this.database.spentTokens.get(sessionId)?.get(refreshTokenHash) ?? null;
    return structuredClone({ session, ...refreshTokenStanding(session, refreshTokenHash, spentAt) });
  }

  async beginRefresh(sessionId: string, refreshTokenHash: string, leaseMs: number): Promise<RefreshAttempt | null> {
    const found = await this.findWithStanding(sessionId, refreshTokenHash);
    if (found?.standing !== "current" || found.session.endedAt) return found && { ...found, fence: null };
    const now = this.database.clock();
    const { fence, until } = this.#lease(sessionId);
    if (until && until > now) return { ...found, fence: null };
    this.database.refreshLeases.set(sessionId, { fence: fence + 1n, until: new Date(now.getTime() + leaseMs) });
    return { ...found, fence: fence + 1n };
  }

  async releaseRefresh(sessionId: string, fence: bigint): Promise<void> {
    if (this.#lease(sessionId).fence === fence) this.#free(sessionId);
  }

  async replaceTokens(
    sessionId: string,
    expectedRefreshTokenHash: string | null,
    tokens: SessionTokens,
    now: Date,
    fence?: bigint,
    lost?: LostToken,
  ): Promise<Session | null> {
    const session = this.database.sessions.get(sessionId);
    if (!session || session.endedAt || session.refreshTokenHash !== expectedRefreshTokenHash) return null;
    if (fence !== undefined && fence !== this.#lease(sessionId).fence) return null;
    this.#free(sessionId);
    const previousRefreshTokenHash = lost?.refreshTokenHash ?? session.refreshTokenHash;
    const stored = { ...session, ...tokens, previousRefreshTokenHash, refreshedAt: now, lastSeenAt: now };
    this.database.sessions.set(sessionId, stored);
    const check = this.database.expiryChecks.get(sessionId) ?? tokens.refreshExpiresAt;
    const sooner = check && tokens.refreshExpiresAt && tokens.refreshExpiresAt < check;
    this.database.expiryChecks.set(sessionId, sooner ? tokens.refreshExpiresAt : check);
    const replacedAt = lost && lost.issuedAt < now ? lost.issuedAt : now;
    for (const [hash, at] of [
      [session.refreshTokenHash, replacedAt],
      [lost?.refreshTokenHash ?? null, now],
    ] as const)
      if (hash !== null && hash !== tokens.refreshTokenHash) this.spend(sessionId, hash, at);
    return structuredClone(stored);
  }

  async end(
    sessionId: string,
    reason: SessionEndReason,
    now: Date,
    { onlyIf, logout }: EndOptions = {},
  ): Promise<Session | null> {
    const session = this.database.sessions.get(sessionId);
    if (!session || session.endedAt) return null;
    if (onlyIf && onlyIf.fence !== this.#lease(sessionId).fence) return null;
    if (onlyIf && onlyIf.refreshTokenHash !== session.refreshTokenHash) return null;
    this.#free(sessionId);
    this.database.sessions.set(sessionId, {
      ...session,
      accessToken: "",
      refreshToken: null,
      idToken: null,
      lastSeenAt: now,
      endedAt: now,
      endReason: reason,
    });
    const { userId, ipAddress, userAgent } = session;
    const details = { sessionId, reason };
    const types = reason === "refresh_token_reuse" ? (["session.refresh_token_reused"] as const) : [];
    for (const type of [...types, "session.ended"] as const)
      this.database.log({ userId, type, at: now, ipAddress, userAgent, details });
    this.database.record(userId, { type: "session.ended", payload: details }, now);
    if (logout) this.#queueLogout(session, reason, now, logout);
    return structuredClone(session);
  }

  async endAll(userId: string, reason: SessionEndReason, now: Date, logout: LogoutPlan): Promise<string[]> {
    const ended = await this.endLive({ userId }, reason, now, logout);
    return ended.map(({ keycloakSessionId }) => keycloakSessionId);
  }

  async endLive(
    which: LiveSessions,
    reason: SessionEndReason,
    now: Date,
    logout?: LogoutPlan,
  ): Promise<Pick<LiveSession, "sessionId" | "userId" | "keycloakSessionId">[]> {
    const ended: Session[] = [];
    for (const { sessionId } of this.#live(which)) {
      const session = await this.end(sessionId, reason, now, { logout });
      if (session) ended.push(session);
    }
    return ended.map(({ sessionId, userId, keycloakSessionId }) => ({ sessionId, userId, keycloakSessionId }));
  }

  async endExpired(now: Date, limit: number): Promise<{ checked: number; ended: number }> {
    const checkAt = ({ sessionId }: Session) => this.database.expiryChecks.get(sessionId)?.getTime() ?? Infinity;
    const due = [...this.database.sessions.values()]
      .filter((session) => !session.endedAt && checkAt(session) <= now.getTime())
      .sort((a, b) => checkAt(a) - checkAt(b))
      .slice(0, limit);
    let ended = 0;
    for (const { sessionId, refreshExpiresAt } of due) {
      this.database.expiryChecks.set(sessionId, refreshExpiresAt);
      if (refreshExpiresAt && refreshExpiresAt <= now && (await this.end(sessionId, "expired", now))) ended += 1;
    }
    return { checked: due.length, ended };
  }

  async endIssuedBefore(
    before: Date,
    reason: SessionEndReason,
    now: Date,
    { after, limit }: LivePage,
    logout: LogoutPlan,
  ): Promise<{ ended: number; last: LivePosition | null }> {
    const place = ({ userId, sessionId }: LivePosition) => `${userId} ${sessionId}`;
    const page = [...this.database.sessions.values()]
      .filter((session) => !session.endedAt && (after === null || place(session) > place(after)))
      .sort((a, b) => (place(a) < place(b) ? -1 : 1))
      .slice(0, limit);
    const issued = page.filter((session) => issuedAt(session) < before);
    for (const { sessionId } of issued) await this.end(sessionId, reason, now, { logout });
    const last = page.at(-1);
    return { ended: issued.length, last: last ? { userId: last.userId, sessionId: last.sessionId } : null };
  }

  async keepAfterPassword(keycloakSessionId: string, changedAt: Date): Promise<void> {
    for (const session of this.#live({ keycloakSessionIds: [keycloakSessionId] }))
      if (!session.keptAsOf || session.keptAsOf < changedAt) session.keptAsOf = changedAt;
  }

  async findLive(which: LiveSessions): Promise<LiveSession[]> {
    return structuredClone(
      this.#live(which).map((session) => {
        const { sessionId, userId, keycloakSessionId, refreshExpiresAt, startedAt, offline, keptAsOf } = session;
        return { sessionId, userId, keycloakSessionId, refreshExpiresAt, startedAt, offline, keptAsOf };
      }),
    );
  }

  async listOfPerson(userId: string, limit: number): Promise<PersonSession[]> {
    const byLastSeen = (a: Session, b: Session) =>
      b.lastSeenAt.getTime() - a.lastSeenAt.getTime() || (a.sessionId < b.sessionId ? -1 : 1);
    return [...this.database.sessions.values()]
      .filter((session) => session.userId === userId && !session.endedAt)
      .sort(byLastSeen)
      .slice(0, limit)
      .map(({ sessionId, keycloakSessionId, ipAddress, userAgent, startedAt, lastSeenAt }) => {
        return { sessionId, keycloakSessionId, ipAddress, userAgent, startedAt, lastSeenAt };
      });
  }

  async findStartedBetween(
    from: Date,
    to: Date,
    limit: number,
  ): Promise<Pick<Session, "keycloakSessionId" | "startedAt">[]> {
    return [...this.database.sessions.values()]
      .filter(({ startedAt }) => startedAt >= from && startedAt < to)
      .slice(0, limit)
      .map(({ keycloakSessionId, startedAt }) => ({ keycloakSessionId, startedAt }));
  }

  #live(which: LiveSessions): Session[] {
    const live = [...this.database.sessions.values()].filter(({ endedAt }) => !endedAt);
    if ("keycloakSessionIds" in which)
      return live.filter(({ keycloakSessionId }) => which.keycloakSessionIds.includes(keycloakSessionId));
    const { userId, sessionId, startedBefore, issuedBefore, exceptKeycloakSessionId } = which;
    return live
      .filter((session) => sessionId === undefined || session.sessionId === sessionId)
      .filter((session) => session.userId === userId && session.keycloakSessionId !== exceptKeycloakSessionId)
      .filter(({ startedAt }) => !startedBefore || startedAt < startedBefore)
      .filter((session) => !issuedBefore || issuedAt(session) < issuedBefore)
      .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime() || (a.sessionId < b.sessionId ? -1 : 1));
  }

  async #recordProvisioned(user: User, now: Date): Promise<void> {
    this.database.record(user.id, { type: "user.registered", payload: { ...keycloakFields(user), via: "login" } }, now);
    const notice = { kind: "user", subject: user.id, source: "login", changedAt: null } as const;
    await new InMemoryFeedRepository(this.database).addNotices([notice], now);
  }

  #queueLogout({ keycloakSessionId, userId, refreshExpiresAt }: Session, reason: string, now: Date, plan: LogoutPlan) {
    const expiresAt = refreshExpiresAt ? new Date(refreshExpiresAt.getTime() + plan.marginMs) : plan.latestExpiresAt;
    const { nextAttemptAt } = plan;
    this.database.queueLogout({ keycloakSessionId, userId, reason, nextAttemptAt, createdAt: now, expiresAt });
  }

  #lease(sessionId: string): { fence: bigint; until: Date | null } {
    return this.database.refreshLeases.get(sessionId) ?? { fence: 0n, until: null };
  }

  #free(sessionId: string): void {
    this.database.refreshLeases.set(sessionId, { ...this.#lease(sessionId), until: null });
  }

  private spend(sessionId: string, hash: string, now: Date): void {
    const spent = this.database.spentTokens.get(sessionId) ?? new Map<string, Date>();
    if (!spent.has(hash)) spent.set(hash, now);
    this.database.spentTokens.set(sessionId, spent);
  }

  private assertSessionFree({ sessionId, keycloakSessionId }: LoginRecord["session"]): void {
    const { sessions } = this.database;
    if (sessions.has(sessionId)) throw new UniqueViolationError("sessions_pkey");
    for (const other of sessions.values()) {
      if (other.keycloakSessionId === keycloakSessionId)
        throw new UniqueViolationError("sessions_keycloak_session_id_key");
    }
  }
}

const issuedAt = ({ tokensIssuedAt, refreshedAt, startedAt }: Session) => tokensIssuedAt ?? refreshedAt ?? startedAt;
