import type { Hint, SessionRepository } from "@libs/database";
import type { KeycloakUserRepository } from "../ports/ports.ts";
import { planLogout } from "../services/shared/end-at-keycloak.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { endedBefore } from "./handle-credential-hints.ts";
import { type FailureAtDeps, failureAt } from "./handle-session-hints.ts";
import { type HintHandler, onceMore, type Verdict } from "./verdict.ts";

/** For {@link handleRemovedCredentialHints}. */
export type RemovedCredentialHintDeps = Pick<SyncDeps, "now" | "wake" | "logger"> & {
  sessions: Pick<SessionRepository, "findLive" | "endLive">;
  keycloak: Pick<KeycloakUserRepository, "readPassword">;
} & FailureAtDeps;

/**
 * `removed_credential`: an administrator removed a credential, and its event does not say of which kind. Where no password
 * is left, it counts as changed: sessions from before end. A call for who has such sessions, and none for the others.
 */
export const handleRemovedCredentialHints: HintHandler<RemovedCredentialHintDeps> = async (deps, hints) => {
  const verdicts = new Map<Hint, Verdict>();
  for (const hint of hints) verdicts.set(hint, await handle(deps, hint));
  return verdicts;
};

async function handle(deps: RemovedCredentialHintDeps, hint: Hint): Promise<Verdict> {
  const { sessions, keycloak, now, wake, logger } = deps;
  const which = { userId: hint.subject, startedBefore: endedBefore(hint) };
  if ((await sessions.findLive(which)).length === 0) return onceMore(hint);
  try {
    if (await keycloak.readPassword(hint.subject)) return "done";
  } catch (error) {
    return await failureAt(deps, error);
  }
  const logout = { ...planLogout(now()), nextAttemptAt: now() };
  const ended = await sessions.endLive(which, "password_changed", now(), logout);
  if (ended.length > 0) {
    logger.info({ userId: hint.subject, sessions: ended.length }, "password removed in Keycloak: older sessions ended");
    wake("logouts");
  }
  return onceMore(hint);
}
