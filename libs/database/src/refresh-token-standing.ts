import type { RefreshTokenStanding, Session } from "./session-repository.ts";

/**
 * What a refresh token is to a session.
 * @param spentAt when the session spent a token of this hash, or null when it never did
 */
export function refreshTokenStanding(
  session: Pick<Session, "refreshTokenHash" | "previousRefreshTokenHash">,
  refreshTokenHash: string,
  spentAt: Date | null,
): { standing: RefreshTokenStanding; spentAt: Date | null } {
  if (session.refreshTokenHash === refreshTokenHash) return { standing: "current", spentAt: null };
  if (session.previousRefreshTokenHash === refreshTokenHash) return { standing: "previous", spentAt: null };
  return spentAt ? { standing: "spent", spentAt } : { standing: "unknown", spentAt: null };
}
