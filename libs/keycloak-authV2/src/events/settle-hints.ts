import type { FeedRepository, Hint, HintSource } from "@libs/database";
import { backOffMs } from "@libs/observability";
import {
  ABSENCE_UNPROVEN,
  DELETIONS_PAUSED,
  type LookFailure,
  RECOVERING,
} from "../services/reconcile/look-outcome.ts";
import { later } from "../services/shared/back-off.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { FeedMetrics, HintOutcome } from "./feed/feed-deps.ts";
import { SECOND_LOOK_MS, type Verdict } from "./verdict.ts";

type BackOffDeps = Pick<SyncDeps, "now" | "logger"> & { feed: Pick<FeedRepository, "postpone" | "bury"> };

/** For {@link settleHints}. */
export type SettleHintsDeps = Pick<SyncDeps, "now"> & {
  feed: Pick<FeedRepository, "complete" | "lookAgain" | "postpone">;
  feedMetrics: Pick<FeedMetrics, "hintsHandled">;
} & BackOffDeps;

/** So often a subject's own failure is tried, over about seven minutes, before it is a dead letter. */
export const MOST_ATTEMPTS = 12;
const PAUSES = { firstMs: 1_000, mostMs: 60_000 };
/** What is not handled yet is due again after this. Milliseconds. */
const NOT_YET_MS = 500;
/** After an outage. Milliseconds. */
const OUTAGE_PAUSE_MS = 1_500;
/** For what has to be waited for; spread, so that many do not come back at once. Milliseconds. */
const WAIT_MS = { least: 10_000, spread: 10_000 };
const WAITED_FOR: ReadonlySet<string> = new Set([RECOVERING, DELETIONS_PAUSED, ABSENCE_UNPROVEN]);

/**
 * Writes down what became of hints.
 * @returns whether Keycloak or the database was away
 */
export async function settleHints(deps: SettleHintsDeps, verdicts: ReadonlyMap<Hint, Verdict>): Promise<boolean> {
  const { feed, now } = deps;
  const all = [...verdicts];
  const having = (wanted: Verdict) => all.filter(([, verdict]) => verdict === wanted).map(([hint]) => hint);
  const failures = all.filter((entry): entry is [Hint, LookFailure] => typeof entry[1] !== "string");
  const own = failures.filter(([, { own }]) => own);
  const waits = failures.filter(([, { own }]) => !own);
  await feed.complete(having("done"), now());
  await feed.lookAgain(having("look_again"), later(now(), SECOND_LOOK_MS));
  await feed.postpone(having("not_yet"), "feed.not_yet", later(now(), NOT_YET_MS), false);
  for (const [error, group] of Map.groupBy(waits, ([, failure]) => failure.error)) {
    const hints = group.map(([hint]) => hint);
    const pauseMs = WAITED_FOR.has(error) ? WAIT_MS.least + Math.random() * WAIT_MS.spread : OUTAGE_PAUSE_MS;
    await feed.postpone(hints, error, later(now(), pauseMs), false);
  }
  for (const [hint, { error }] of own) await backOffOrBury(deps, hint, error);
  const outcomeOf = ([hint, verdict]: [Hint, Verdict]): HintOutcome => {
    if (verdict === "not_yet") return "postponed";
    if (typeof verdict === "string") return "handled";
    if (!verdict.own) return "postponed";
    return isLast(hint) ? "dead" : "failed";
  };
  for (const [key, group] of Map.groupBy(all, (entry) => `${entry[0].source} ${outcomeOf(entry)}`)) {
    const [source, outcome] = key.split(" ") as [HintSource, HintOutcome];
    deps.feedMetrics.hintsHandled(source, outcome, group.length);
  }
  return waits.some(([, { error }]) => !WAITED_FOR.has(error));
}

async function backOffOrBury({ feed, now, logger }: BackOffDeps, hint: Hint, error: string): Promise<void> {
  const { kind, subject, attempts } = hint;
  if (!isLast(hint)) {
    const pauseMs = backOffMs(attempts, PAUSES);
    await feed.postpone([hint], error, later(now(), pauseMs), true);
    return;
  }
  await feed.bury(hint, error, now());
  logger.error({ kind, subject, code: error }, "change notice moved to dead letters: replay it once its cause is gone");
}

const isLast = ({ attempts }: Hint) => attempts + 1 >= MOST_ATTEMPTS;
