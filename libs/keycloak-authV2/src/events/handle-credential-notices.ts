import type { ChangeNotice, SessionRepository } from "@libs/database";
import { later } from "../services/shared/back-off.ts";
import { planQueuedLogout } from "../services/shared/end-at-keycloak.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { type NoticeHandler, onceMore } from "./verdict.ts";

/** For {@link handleCredentialNotices}. */
export type CredentialNoticeDeps = Pick<SyncDeps, "now" | "wake" | "logger"> & {
  sessions: Pick<SessionRepository, "keepAfterPassword" | "endLive">;
};

/**
 * The start of a session is not known to the millisecond, and a login with the old password may be under way until Keycloak
 * has committed the new one. Who logs in again within this time of the change logs in once more. Milliseconds.
 */
const MARGIN_MS = 1_000;

/** Sessions that started before this must end. */
export const endedBefore = ({ changedAt, createdAt }: ChangeNotice) => later(changedAt ?? createdAt, MARGIN_MS);

/**
 * `credentials`: a password changed, so sessions from before it end, except the one that changed it. Keycloak leaves
 * them alive, so its logout is queued. Costs no call to Keycloak here.
 */
export const handleCredentialNotices: NoticeHandler<CredentialNoticeDeps> = async (
  { sessions, now, wake, logger },
  notices,
) => {
  for (const notice of notices) {
    const { subject: userId, keepSession } = notice;
    const at = now();
    const startedBefore = endedBefore(notice);
    // So that no later comparison with the password's own date ends it either.
    if (keepSession) await sessions.keepAfterPassword(keepSession, startedBefore);
    const which = { userId, startedBefore, exceptKeycloakSessionId: keepSession };
    const logout = planQueuedLogout(at);
    const ended = await sessions.endLive(which, "password_changed", at, logout);
    if (ended.length === 0) continue;
    logger.info({ userId, sessions: ended.length }, "password changed in Keycloak: older sessions ended");
    wake("logouts");
  }
  return new Map(notices.map((notice) => [notice, onceMore(notice)]));
};
