import type { KeycloakLogoutRepository, SessionRepository } from "@libs/database";
import { ExponentialBackoff, handleAll, retry } from "cockatiel";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { endKeycloakSession, planLogout, type QueueLogoutDeps, queueLogout } from "../shared/end-at-keycloak.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link endUnrecordedSession}. */
export type EndUnrecordedSessionDeps = Pick<SyncDeps, "now" | "wake"> & {
  sessions: Pick<SessionRepository, "end">;
  keycloak: Pick<KeycloakUserRepository, "deleteSession">;
  keycloakLogouts: Pick<KeycloakLogoutRepository, "remove">;
} & QueueLogoutDeps;

export interface UnrecordedSession {
  /** `sid` */
  keycloakSessionId: string;
  /** Null: not known. */
  userId: string | null;
  /** Our own handle, where a row may have been written for it after all. */
  sessionId?: string;
  refreshExpiresAt?: Date | null | undefined;
  /** Ends it with its own refresh token. @returns whether Keycloak took the token */
  endByToken?: () => Promise<boolean>;
}

/** For operators, in the list of waiting logouts. */
const UNKNOWN_USER = "unknown";

/** About 6 s in all: a process that stops waits for it. */
const persistently = retry(handleAll, {
  maxAttempts: 5,
  backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 3_000 }),
});

/**
 * Ends what a login left that failed after Keycloak had let the person in: a useless answer, a row that could not be
 * written, a write or an answer that was lost. Nobody will ever hold that session. Keycloak and the database are tried
 * side by side, since either may be away; whichever answers takes care of it, Keycloak by ending the session, the
 * database by keeping its logout for the sweep. Where the admin API refuses, the session's own refresh token ends it: a
 * client that is set up wrong can spoil the service account's tokens as well.
 * @throws when neither answered: Keycloak's session then ends by its idle time
 */
export async function endUnrecordedSession(deps: EndUnrecordedSessionDeps, session: UnrecordedSession): Promise<void> {
  const { sessions, keycloak, keycloakLogouts, now } = deps;
  const { sessionId, keycloakSessionId } = session;
  const { endByToken, ...known } = session;
  const logout = { ...known, userId: session.userId ?? UNKNOWN_USER };
  let gone = false;
  const atKeycloak = persistently.execute(async () => {
    try {
      await endKeycloakSession(keycloak, keycloakSessionId);
    } catch (error) {
      if (!(await endByToken?.())) throw error;
    }
    gone = true;
  });
  const here = persistently.execute(async () => {
    const plan = { logout: planLogout(now()) };
    const ended = sessionId === undefined ? null : await sessions.end(sessionId, "login_failed", now(), plan);
    if (!ended && !gone) await queueLogout(deps, logout, "login_failed");
  });
  const [keycloakSide, localSide] = await Promise.allSettled([atKeycloak, here]);
  if (keycloakSide.status === "fulfilled") {
    if (localSide.status === "fulfilled") await keycloakLogouts.remove(keycloakSessionId);
  } else if (localSide.status === "rejected") throw keycloakSide.reason;
  else deps.wake("logouts");
}
