import { ExponentialBackoff, handleAll, retry } from "cockatiel";
import { endKeycloakSession, planLogout, queueLogout } from "./end-at-keycloak.ts";
import type { SyncDeps } from "./sync-deps.ts";

/** About 6 s in all: a process that stops waits for it. */
const persistently = retry(handleAll, {
  maxAttempts: 5,
  backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 3_000 }),
});

/**
 * Ends what a login left whose row could not be written, or whose write got no answer: nobody will ever hold that
 * session. Keycloak and the database are tried side by side, since either may be away; whichever answers takes care of
 * it, Keycloak by ending the session, the database by keeping its logout for the sweep.
 * @throws when neither answered: Keycloak's session then ends by its idle time
 */
export async function endUnrecordedSession(
  deps: SyncDeps,
  session: { sessionId: string; keycloakSessionId: string; userId: string; refreshExpiresAt?: Date | null | undefined },
): Promise<void> {
  const { sessions, keycloak, keycloakLogouts, now } = deps;
  const { sessionId, keycloakSessionId } = session;
  let gone = false;
  const atKeycloak = persistently.execute(async () => {
    await endKeycloakSession(keycloak, keycloakSessionId);
    gone = true;
  });
  const here = persistently.execute(async () => {
    const ended = await sessions.end(sessionId, "login_failed", now(), { logout: planLogout(now()) });
    if (!ended && !gone) await queueLogout(deps, session, "login_failed");
  });
  const [keycloakSide, localSide] = await Promise.allSettled([atKeycloak, here]);
  if (keycloakSide.status === "fulfilled") {
    if (localSide.status === "fulfilled") await keycloakLogouts.remove(keycloakSessionId);
  } else if (localSide.status === "rejected") throw keycloakSide.reason;
  else deps.wake("logouts");
}
