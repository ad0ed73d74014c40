import type { Session, SessionRepository } from "@libs/database";
import { AuthError } from "@libs/problems";
import { assertTokensBelong, type PlainTokens, sealTokens } from "../shared/seal-tokens.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link updateSessionTokens}. */
export type UpdateSessionTokensDeps = Pick<SyncDeps, "cipher" | "now"> & {
  sessions: Pick<SessionRepository, "findById" | "replaceTokens">;
};

/**
 * Stores refreshed tokens in a live session, for services that refresh by themselves.
 * @throws AuthError `session.invalid` when there is no such live session, when the tokens belong to another one, or
 *   when somebody else stored newer tokens meanwhile
 */
export async function updateSessionTokens(
  { sessions, cipher, now }: UpdateSessionTokensDeps,
  sessionId: string,
  tokens: PlainTokens,
): Promise<Session> {
  const session = await sessions.findById(sessionId);
  if (!session || session.endedAt) throw new AuthError("session.invalid");
  assertTokensBelong(tokens.accessToken, session);
  const stored = await sessions.replaceTokens(
    sessionId,
    session.refreshTokenHash,
    sealTokens(cipher, sessionId, tokens),
    now(),
  );
  if (!stored) throw new AuthError("session.invalid", { internal: "the session changed meanwhile" });
  return stored;
}
