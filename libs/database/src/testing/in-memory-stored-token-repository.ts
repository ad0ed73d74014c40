import type { Session } from "../ports/session.ts";
import type { SessionKeys, StoredTokenRepository, StoredTokens } from "../ports/stored-token-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryStoredTokenRepository implements StoredTokenRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async scan(after: string | null, limit: number): Promise<SessionKeys[]> {
    return [...this.database.sessions.values()]
      .map(storedOf)
      .filter((stored) => stored.sessionId > (after ?? "") && valuesOf(stored).length > 0)
      .sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1))
      .slice(0, limit)
      .map((stored) => ({ sessionId: stored.sessionId, keyIds: valuesOf(stored).map(keyIdOf) }));
  }

  async sample(from: string, limit: number, now: Date): Promise<StoredTokens[]> {
    const live = [...this.database.sessions.values()]
      .filter(({ endedAt }) => endedAt === null)
      .sort((a, b) => (a.userId < b.userId ? -1 : 1));
    return [...live.filter(({ userId }) => userId >= from), ...live.filter(({ userId }) => userId < from)]
      .slice(0, limit)
      .filter(({ refreshExpiresAt }) => refreshExpiresAt === null || refreshExpiresAt > now)
      .map(storedOf)
      .filter((stored) => valuesOf(stored).length > 0);
  }

  async read(sessionIds: readonly string[]): Promise<StoredTokens[]> {
    return [...this.database.sessions.values()]
      .map(storedOf)
      .filter((stored) => sessionIds.includes(stored.sessionId) && valuesOf(stored).length > 0);
  }

  async replaceUnchanged(changes: readonly { before: StoredTokens; after: StoredTokens }[]): Promise<string[]> {
    const { sessions } = this.database;
    const written: string[] = [];
    for (const { before, after } of changes) {
      const session = sessions.get(before.sessionId);
      if (!session || JSON.stringify(storedOf(session)) !== JSON.stringify(storedOf(before))) continue;
      const { refreshToken, idToken } = after;
      sessions.set(session.sessionId, { ...session, accessToken: after.accessToken ?? "", refreshToken, idToken });
      written.push(session.sessionId);
    }
    return written;
  }

  async fingerprintKeys(now: Date): Promise<{ keyId: string; until: Date }[]> {
    const last = new Map<string, Date>();
    for (const { fingerprint, expiresAt } of this.database.idempotencyKeys.values()) {
      const keyId = fingerprint.split(":")[0] ?? "";
      const known = last.get(keyId);
      if (expiresAt > now && (!known || known < expiresAt)) last.set(keyId, expiresAt);
    }
    return [...last].map(([keyId, until]) => ({ keyId, until }));
  }
}

function storedOf({ sessionId, accessToken, refreshToken, idToken }: Session | StoredTokens): StoredTokens {
  // The port calls an ended session's token the empty string.
  return { sessionId, accessToken: accessToken || null, refreshToken, idToken };
}

const valuesOf = ({ accessToken, refreshToken, idToken }: StoredTokens): string[] =>
  [accessToken, refreshToken, idToken].filter((value) => value !== null);

const keyIdOf = (value: string): string => (/^v.\./.test(value) ? (value.split(".")[1] ?? "") : "");
