import type { Hint } from "@libs/database";
import { planLogout } from "../services/shared/end-at-keycloak.ts";
import type { FeedDeps } from "./feed/feed-deps.ts";
import { endedBefore } from "./handle-credential-hints.ts";
import { failureAt } from "./handle-session-hints.ts";
import { type HintHandler, onceMore, type Verdict } from "./verdict.ts";

/**
 * `removed_credential`: an administrator removed a credential, and its event does not say of which kind. Where no password
 * is left, it counts as changed: sessions from before end. A call for who has such sessions, and none for the others.
 */
export const handleRemovedCredentialHints: HintHandler = async (deps, hints) => {
  const verdicts = new Map<Hint, Verdict>();
  for (const hint of hints) verdicts.set(hint, await handle(deps, hint));
  return verdicts;
};

async function handle(deps: FeedDeps, hint: Hint): Promise<Verdict> {
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
