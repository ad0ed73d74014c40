import type { SessionRepository } from "@libs/database";
import type { KeycloakEventSource } from "../ports/ports.ts";
import { failureOf } from "../services/reconcile/reconcile-outcome.ts";
import { planLogout } from "../services/shared/end-at-keycloak.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { type NoticeHandler, onceMore, type Verdict } from "./verdict.ts";

/** For {@link handleNotBeforeNotice}. */
export type NotBeforeNoticeDeps = Pick<SyncDeps, "now" | "logger" | "wake"> & {
  eventSource: Pick<KeycloakEventSource, "clockSkew">;
  sessions: Pick<SessionRepository, "endIssuedBefore">;
};

const BATCH = 500;

/**
 * `not_before`: the realm or our client may have been set to take no token from before a time. Keycloak refuses such
 * tokens at once, refresh tokens too; so the sessions that hold them end here, and guards learn of it. Costs one or two
 * calls, however many sessions there are.
 */
export const handleNotBeforeNotice: NoticeHandler<NotBeforeNoticeDeps> = async (deps, notices) => {
  const { eventSource, sessions, now, logger, wake } = deps;
  const all = (verdict: (notice: (typeof notices)[number]) => Verdict) =>
    new Map(notices.map((notice) => [notice, verdict(notice)]));
  let notBefore: Date | null;
  try {
    ({ notBefore } = await eventSource.clockSkew());
  } catch (error) {
    return all(() => ({ ...failureOf(error), own: false }));
  }
  if (notBefore === null) return all(() => "done");
  let total = 0;
  for (let ended = BATCH; ended === BATCH; total += ended) {
    const logout = { ...planLogout(now()), nextAttemptAt: now() };
    ended = await sessions.endIssuedBefore(notBefore, "ended_in_keycloak", now(), BATCH, logout);
  }
  if (total > 0) {
    logger.warn(
      { notBefore, sessions: total },
      "Keycloak no longer accepts tokens from before this time: sessions ended here",
    );
    wake("logouts");
  }
  return all(onceMore);
};
