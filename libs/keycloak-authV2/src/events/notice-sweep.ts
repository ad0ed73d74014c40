import type { ChangeNotice, FeedRepository } from "@libs/database";
import { failureOf } from "../services/reconcile/reconcile-outcome.ts";
import { later } from "../services/shared/back-off.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { Sweep } from "../workers/index.ts";
import { DeletionGuard, type DeletionGuardDeps } from "./deletion-guard.ts";
import { type CredentialNoticeDeps, handleCredentialNotices } from "./handle-credential-notices.ts";
import { type EveryUserNoticeDeps, handleEveryUserNotice } from "./handle-every-user-notice.ts";
import { handleNotBeforeNotice, type NotBeforeNoticeDeps } from "./handle-not-before-notice.ts";
import {
  handleRemovedCredentialNotices,
  type RemovedCredentialNoticeDeps,
} from "./handle-removed-credential-notices.ts";
import { handleSessionNotices, type SessionNoticeDeps } from "./handle-session-notices.ts";
import { createUserNoticeHandler, type UserNoticeDeps } from "./handle-user-notices.ts";
import { type SettleNoticesDeps, settleNotices } from "./settle-notices.ts";
import type { NoticeHandler, Verdict } from "./verdict.ts";

/** What the handlers use, together: each is given all of it, and sees its own. */
type HandlerDeps = UserNoticeDeps &
  SessionNoticeDeps &
  CredentialNoticeDeps &
  RemovedCredentialNoticeDeps &
  EveryUserNoticeDeps &
  NotBeforeNoticeDeps;

/** For {@link createNoticeSweep}. */
export type NoticeSweepDeps = Pick<SyncDeps, "now" | "logger"> & {
  feed: Pick<FeedRepository, "claimDue">;
} & DeletionGuardDeps &
  HandlerDeps &
  SettleNoticesDeps;

/** Two full batches of users. */
const CLAIM = 98;
/** Longer than a run takes as a rule; a replica that died gives its notices back after this. Milliseconds. */
const CLAIM_MS = 15_000;
/** With Keycloak or the database away nothing is claimed for so long. Milliseconds. */
const OUTAGE_PAUSE_MS = 1_000;

/**
 * Empties the inbox of notices, on every replica: claims what is due, asks Keycloak for the truth, has the local rows
 * agree. A notice goes only once it is handled; handling one twice is harmless.
 */
export function createNoticeSweep(deps: NoticeSweepDeps): Sweep {
  const guard = new DeletionGuard(deps);
  const handlers: [NoticeHandler<HandlerDeps>, ChangeNotice["kind"][]][] = [
    [createUserNoticeHandler(guard), ["user"]],
    [handleSessionNotices, ["session", "sessions"]],
    [handleCredentialNotices, ["credentials"]],
    [handleRemovedCredentialNotices, ["removed_credential"]],
    [handleEveryUserNotice, ["every_user"]],
    [handleNotBeforeNotice, ["not_before"]],
  ];
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return {
    name: "notices",
    run: async () => {
      guard.settle();
      if (deps.now().getTime() < pausedUntil) return 0;
      const notices = await deps.feed.claimDue(deps.now(), later(deps.now(), CLAIM_MS), CLAIM);
      const away = await Promise.all(
        handlers.map(async ([handle, kinds]) => {
          const mine = notices.filter(({ kind }) => kinds.includes(kind));
          return mine.length > 0 && (await settleNotices(deps, await verdictsOf(deps, handle, mine)));
        }),
      );
      if (!away.includes(true)) return notices.length;
      pausedUntil = deps.now().getTime() + OUTAGE_PAUSE_MS;
      return 0;
    },
  };
}

/** A handler rejects when a repository does: with the database away nothing can be written down, and claims run out. */
async function verdictsOf(
  deps: HandlerDeps,
  handle: NoticeHandler<HandlerDeps>,
  notices: ChangeNotice[],
): Promise<Map<ChangeNotice, Verdict>> {
  try {
    return await handle(deps, notices);
  } catch (error) {
    const failure = failureOf(error);
    deps.logger.warn({ err: error, notices: notices.length }, "change notices could not be handled");
    if (failure.own && notices.length > 1) {
      // One by one: the others are not to suffer from it.
      const each = [];
      for (const notice of notices) each.push(...(await verdictsOf(deps, handle, [notice])));
      return new Map(each);
    }
    return new Map(notices.map((notice) => [notice, failure]));
  }
}
