import type { LoginRecord, Repositories, Session, SessionTokens } from "@libs/database";

const HOUR_MS = 3_600_000;
const LEASE_MS = 10_000;

/** Sessions of one user each, and what refreshes all of them once, as the gateway does: a lease, then the tokens. */
export async function startedSessions(repositories: Pick<Repositories, "sessions">, count: number) {
  const names = Array.from({ length: count }, () => crypto.randomUUID());
  const sessions: Session[] = [];
  for (const name of names) sessions.push((await repositories.sessions.recordLogin(loginOf(name))).session);
  const hashes = new Map(sessions.map(({ sessionId, refreshTokenHash }) => [sessionId, refreshTokenHash ?? ""]));
  const refresh = async (sessionId: string) => {
    const hash = hashes.get(sessionId) ?? "";
    const { fence } = (await repositories.sessions.beginRefresh(sessionId, hash, LEASE_MS)) ?? { fence: null };
    const tokens = tokensOf(crypto.randomUUID());
    const stored = await repositories.sessions.replaceTokens(sessionId, hash, tokens, new Date(), fence ?? undefined);
    if (!stored) throw new Error("not refreshed");
    hashes.set(sessionId, tokens.refreshTokenHash ?? "");
  };
  return {
    sessions,
    refreshAll: async () => {
      for (const { sessionId } of sessions) await refresh(sessionId);
    },
  };
}

function loginOf(name: string): LoginRecord {
  const now = new Date();
  return {
    profile: {
      id: name,
      username: name,
      email: `${name}@example.test`,
      firstName: "Ada",
      lastName: "Lovelace",
      emailVerified: true,
      enabled: true,
    },
    storeId: null,
    now,
    session: {
      ...tokensOf(name),
      sessionId: name,
      keycloakSessionId: `sid-${name}`,
      ipAddress: null,
      userAgent: null,
      startedAt: now,
    },
  };
}

/** As long as real ones, encrypted. */
function tokensOf(mark: string): SessionTokens {
  const now = Date.now();
  return {
    accessToken: mark.repeat(40),
    refreshToken: mark.repeat(20),
    idToken: mark.repeat(40),
    refreshTokenHash: `hash-${mark}`,
    tokenExpiresAt: new Date(now + HOUR_MS / 12),
    refreshExpiresAt: new Date(now + HOUR_MS / 2),
    tokensIssuedAt: new Date(now),
    offline: false,
  };
}
