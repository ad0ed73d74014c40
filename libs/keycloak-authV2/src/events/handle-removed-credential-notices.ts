import type { ChangeNotice, SessionRepository } from "@libs/database";
import type { KeycloakUserRepository } from "../ports/ports.ts";
import { planQueuedLogout } from "../services/shared/end-at-keycloak.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { endedBefore } from "./handle-credential-notices.ts";
import { type FailureAtDeps, failureAt } from "./handle-session-notices.ts";
import { type NoticeHandler, onceMore, type Verdict } from "./verdict.ts";

/** For {@link handleRemovedCredentialNotices}. */
export type RemovedCredentialNoticeDeps = Pick<SyncDeps, "now" | "wake" | "logger"> & {
  sessions: Pick<SessionRepository, "findLive" | "endLive">;
  keycloak: Pick<KeycloakUserRepository, "readPassword">;
} & FailureAtDeps;

/**
 * `removed_credential`: an administrator removed a credential, and its event does not say of which kind. Where no password
 * is left, it counts as changed: sessions from before end. A call for who has such sessions, and none for the others.
 */
export const handleRemovedCredentialNotices: NoticeHandler<RemovedCredentialNoticeDeps> = async (deps, notices) => {
  const verdicts = new Map<ChangeNotice, Verdict>();
  for (const notice of notices) verdicts.set(notice, await handle(deps, notice));
  return verdicts;
};

async function handle(deps: RemovedCredentialNoticeDeps, notice: ChangeNotice): Promise<Verdict> {
  const { sessions, keycloak, now, wake, logger } = deps;
  const which = { userId: notice.subject, startedBefore: endedBefore(notice) };
  if ((await sessions.findLive(which)).length === 0) return onceMore(notice);
  try {
    if (await keycloak.readPassword(notice.subject)) return "done";
  } catch (error) {
    return await failureAt(deps, error);
  }
  const logout = planQueuedLogout(now());
  const ended = await sessions.endLive(which, "password_changed", now(), logout);
  if (ended.length > 0) {
    logger.info(
      { userId: notice.subject, sessions: ended.length },
      "password removed in Keycloak: older sessions ended",
    );
    wake("logouts");
  }
  return onceMore(notice);
}
