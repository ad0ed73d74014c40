import type { LivePosition, SessionRepository } from "@libs/database";
import type { KeycloakEventSource } from "../ports/ports.ts";
import { failureOf } from "../services/reconcile/reconcile-outcome.ts";
import { BatchSize } from "../services/shared/batch-size.ts";
import { planQueuedLogout } from "../services/shared/end-at-keycloak.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { type NoticeHandler, onceMore, type Verdict } from "./verdict.ts";

/** For {@link handleNotBeforeNotice}. */
export type NotBeforeNoticeDeps = Pick<SyncDeps, "now" | "logger" | "wake"> & {
  eventSource: Pick<KeycloakEventSource, "clockSkew">;
  sessions: Pick<SessionRepository, "endIssuedBefore">;
};

const BATCH_ROWS = 1_000;

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
  const size = new BatchSize(BATCH_ROWS);
  let after: LivePosition | null = null;
  do {
    const logout = planQueuedLogout(now());
    const before: Date = notBefore;
    const from: LivePosition | null = after;
    const page: { ended: number; last: LivePosition | null } = await size.runSmaller((limit) =>
      sessions.endIssuedBefore(before, "ended_in_keycloak", now(), { after: from, limit }, logout),
    );
    total += page.ended;
    after = page.last;
  } while (after !== null);
  if (total > 0) {
    logger.warn(
      { notBefore, sessions: total },
      "Keycloak no longer accepts tokens from before this time: sessions ended here",
    );
    wake("logouts");
  }
  return all(onceMore);
};
