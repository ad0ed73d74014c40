import type { Session } from "./session.ts";
import type { RefreshTokenStanding } from "./session-repository.ts";

/**
 * What a refresh token is to a session.
 * @param spentAt when the session replaced a token of this hash, or null when it never did
 */
export function refreshTokenStanding(
  session: Pick<Session, "refreshTokenHash">,
  refreshTokenHash: string,
  spentAt: Date | null,
): { standing: RefreshTokenStanding; spentAt: Date | null } {
  if (session.refreshTokenHash === refreshTokenHash) return { standing: "current", spentAt: null };
  return { standing: spentAt ? "spent" : "unknown", spentAt };
}
