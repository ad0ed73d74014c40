import type { ChangeNotice, FeedRepository } from "@libs/database";
import { failureOf } from "../services/reconcile/reconcile-outcome.ts";
import { later } from "../services/shared/back-off.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { Sweep } from "../workers/index.ts";
import type { DeletionGuard } from "./deletion-guard.ts";
import type { KindHandler } from "./notice-handlers.ts";
import { type SettleNoticesDeps, settleNotices } from "./settle-notices.ts";
import type { Verdict } from "./verdict.ts";

/** For {@link createNoticeSweep}. */
export type NoticeSweepDeps = Pick<SyncDeps, "now" | "logger"> & {
  feed: Pick<FeedRepository, "claimDue">;
  guard: Pick<DeletionGuard, "settle">;
  handlers: readonly KindHandler[];
} & SettleNoticesDeps;

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
  const { guard, handlers } = deps;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  return {
    name: "notices",
    run: async () => {
      guard.settle();
      if (deps.now().getTime() < pausedUntil) return 0;
      const notices = await deps.feed.claimDue(deps.now(), later(deps.now(), CLAIM_MS), CLAIM);
      const away = await Promise.all(
        handlers.map(async ({ handle, kinds }) => {
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
  deps: Pick<SyncDeps, "logger">,
  handle: KindHandler["handle"],
  notices: ChangeNotice[],
): Promise<Map<ChangeNotice, Verdict>> {
  try {
    return await handle(notices);
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
