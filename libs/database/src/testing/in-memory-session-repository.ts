import { UniqueViolationError } from "../errors.ts";
import { refreshTokenStanding } from "../refresh-token-standing.ts";
import type {
  LoginRecord,
  RefreshTokenStanding,
  Session,
  SessionEndReason,
  SessionRepository,
  SessionTokens,
} from "../session-repository.ts";
import type { User } from "../user-repository.ts";
import { type InMemoryDatabase, keycloakFields, newUser } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemorySessionRepository implements SessionRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async recordLogin({ profile, storeId, session, now }: LoginRecord): Promise<{ user: User; session: Session }> {
    const { users, sessions } = this.database;
    this.database.assertNamesFree(profile);
    this.assertSessionFree(session);
    const known = users.get(profile.id) ?? newUser(profile, now);
    const user: User = {
      ...known,
      ...keycloakFields(profile),
      storeId: known.storeId ?? storeId,
      lastLoginAt: now,
      loginCount: known.loginCount + 1,
      ...{ syncedAt: now, updatedAt: now, deletedAt: null },
    };
    this.database.assertRelations(user);
    const started: Session = {
      ...session,
      userId: profile.id,
      lastSeenAt: now,
      ...{ previousRefreshTokenHash: null, refreshedAt: null, endedAt: null, endReason: null },
    };
    users.set(user.id, user);
    sessions.set(started.sessionId, started);
    const { ipAddress, userAgent } = session;
    const details = { sessionId: session.sessionId };
    this.database.log({ userId: user.id, type: "session.started", at: now, ipAddress, userAgent, details });
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

  async replaceTokens(
    sessionId: string,
    expectedRefreshTokenHash: string | null,
    tokens: SessionTokens,
    now: Date,
  ): Promise<Session | null> {
    const session = this.database.sessions.get(sessionId);
    if (!session || session.endedAt || session.refreshTokenHash !== expectedRefreshTokenHash) return null;
    const previousRefreshTokenHash = session.refreshTokenHash;
    const stored = { ...session, ...tokens, previousRefreshTokenHash, refreshedAt: now, lastSeenAt: now };
    this.database.sessions.set(sessionId, stored);
    if (previousRefreshTokenHash !== null && previousRefreshTokenHash !== tokens.refreshTokenHash)
      this.spend(sessionId, previousRefreshTokenHash, now);
    return structuredClone(stored);
  }

  async end(sessionId: string, reason: SessionEndReason, now: Date): Promise<Session | null> {
    const session = this.database.sessions.get(sessionId);
    if (!session || session.endedAt) return null;
    this.database.sessions.set(sessionId, {
      ...session,
      ...{ accessToken: "", refreshToken: null, idToken: null },
      ...{ lastSeenAt: now, endedAt: now, endReason: reason },
    });
    const { userId, ipAddress, userAgent } = session;
    const details = { sessionId, reason };
    this.database.log({ userId, type: "session.ended", at: now, ipAddress, userAgent, details });
    return structuredClone(session);
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
