import type { ChangeNotice, FeedRepository, NoticeSource } from "@libs/database";
import { backOffMs, withJitter } from "@libs/observability";
import {
  ABSENCE_UNPROVEN,
  DELETIONS_PAUSED,
  RECOVERING,
  type ReconcileFailure,
} from "../services/reconcile/reconcile-outcome.ts";
import { later } from "../services/shared/back-off.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { FeedMetrics, NoticeOutcome } from "./feed/feed-deps.ts";
import { SECOND_PASS_MS, type Verdict } from "./verdict.ts";

type BackOffDeps = Pick<SyncDeps, "now" | "logger"> & { feed: Pick<FeedRepository, "postpone" | "moveToDeadLetters"> };

/** For {@link settleNotices}. */
export type SettleNoticesDeps = Pick<SyncDeps, "now"> & {
  feed: Pick<FeedRepository, "complete" | "scheduleSecondPass" | "postpone">;
  feedMetrics: Pick<FeedMetrics, "noticesHandled">;
} & BackOffDeps;

/** So often a subject's own failure is tried, over about seven minutes, before it is a dead letter. */
const MOST_ATTEMPTS = 12;
const PAUSES = { firstMs: 1_000, mostMs: 60_000 };
/** What is not handled yet is due again after this. Milliseconds. */
const NOT_YET_MS = 500;
/** After an outage. Milliseconds. */
const OUTAGE_PAUSE_MS = 1_500;
/** At least, and at most twice as long, for what has to be waited for: many must not come back at once. Milliseconds. */
const WAIT_MS = 10_000;
const WAITED_FOR: ReadonlySet<string> = new Set([RECOVERING, DELETIONS_PAUSED, ABSENCE_UNPROVEN]);

/**
 * Writes down what became of notices.
 * @returns whether Keycloak or the database was away
 */
export async function settleNotices(
  deps: SettleNoticesDeps,
  verdicts: ReadonlyMap<ChangeNotice, Verdict>,
): Promise<boolean> {
  const { feed, now } = deps;
  const all = [...verdicts];
  const having = (wanted: Verdict) => all.filter(([, verdict]) => verdict === wanted).map(([notice]) => notice);
  const failures = all.filter((entry): entry is [ChangeNotice, ReconcileFailure] => typeof entry[1] !== "string");
  const own = failures.filter(([, { own }]) => own);
  const waits = failures.filter(([, { own }]) => !own);
  await feed.complete(having("done"), now());
  await feed.scheduleSecondPass(having("second_pass"), later(now(), SECOND_PASS_MS));
  await feed.postpone(having("not_yet"), "feed.not_yet", later(now(), NOT_YET_MS), false);
  for (const [error, group] of Map.groupBy(waits, ([, failure]) => failure.error)) {
    const notices = group.map(([notice]) => notice);
    const pauseMs = WAITED_FOR.has(error) ? withJitter(WAIT_MS, 1, 2) : OUTAGE_PAUSE_MS;
    await feed.postpone(notices, error, later(now(), pauseMs), false);
  }
  for (const [notice, { error }] of own) await postponeOrMoveToDeadLetters(deps, notice, error);
  const outcomeOf = ([notice, verdict]: [ChangeNotice, Verdict]): NoticeOutcome => {
    if (verdict === "not_yet") return "postponed";
    if (typeof verdict === "string") return "handled";
    if (!verdict.own) return "postponed";
    return isLast(notice) ? "dead" : "failed";
  };
  for (const [key, group] of Map.groupBy(all, (entry) => `${entry[0].source} ${outcomeOf(entry)}`)) {
    const [source, outcome] = key.split(" ") as [NoticeSource, NoticeOutcome];
    deps.feedMetrics.noticesHandled(source, outcome, group.length);
  }
  return waits.some(([, { error }]) => !WAITED_FOR.has(error));
}

async function postponeOrMoveToDeadLetters(
  { feed, now, logger }: BackOffDeps,
  notice: ChangeNotice,
  error: string,
): Promise<void> {
  const { kind, subject, attempts } = notice;
  if (!isLast(notice)) {
    const pauseMs = backOffMs(attempts, PAUSES);
    await feed.postpone([notice], error, later(now(), pauseMs), true);
    return;
  }
  await feed.moveToDeadLetters(notice, error, now());
  logger.error({ kind, subject, code: error }, "change notice moved to dead letters: replay it once its cause is gone");
}

const isLast = ({ attempts }: ChangeNotice) => attempts + 1 >= MOST_ATTEMPTS;
