import type { ChangeNotice, FeedBacklog, FeedRepository } from "@libs/database";
import { z } from "zod";
import { ABSENCE_UNPROVEN, DELETIONS_PAUSED } from "../services/reconcile/reconcile-outcome.ts";
import { TOO_MANY, UNPROVEN } from "./deletion-guard.ts";
import { STORE_EVERY_MS } from "./event-tail.ts";
import type { FeedProblemKind } from "./feed/feed-problems.ts";
import { BEHIND_MS, fromStoredKind, problemTodos, SHARED_PROBLEMS } from "./feed/problem-board.ts";
import { type FeedModeStatus, readStoredMode } from "./feed-mode.ts";
import { isLate, type ReconcileStatus, readReconcileStatus } from "./reconcile/reconcile-status.ts";

/**
 * How the change feed does, as far as the database knows it.
 * @see {@link readFeedStatus}
 */
export interface FeedStatus {
  backlog: FeedBacklog;
  /** How changes arrive; null: no gateway of this version has run yet. */
  mode: FeedModeStatus | null;
  /** When the events were read last (to within 10 seconds); null: never. */
  readAt: Date | null;
  /** What any replica's readiness knows of, half a minute ago at most while one runs, and what to do about it. */
  problems: { kind: FeedProblemKind; todo: string }[];
  /** The first hundred. */
  deadLetters: ChangeNotice[];
  /** How old the comparisons with Keycloak are. */
  reconcile: ReconcileStatus;
}

/**
 * Reads how the change feed does, from the database alone: for operators.
 * @param feed of `createRepositories`
 * @param now what ages are counted from
 * @throws DatabaseError
 * @example
 * ```ts
 * import { createRepositories, PrismaClient } from "@libs/database";
 * import {
 *   type CountStatus,
 *   type FeedMode,
 *   type FeedProblemKind,
 *   type FeedStatus,
 *   type ReconcileStatus,
 *   type RoundStatus,
 *   readFeedStatus,
 * } from "@libs/keycloak-authV2/events";
 *
 * const status: FeedStatus = await readFeedStatus(createRepositories(new PrismaClient()).feed);
 * const reading: FeedMode = "events";
 * const late: FeedProblemKind[] = ["behind", "reconcile_late"];
 * const { users, counts }: ReconcileStatus = status.reconcile;
 * const ageMs = (round: RoundStatus) => Date.now() - round.oldestAt.getTime();
 * const missing = ({ keycloak, local, explained }: CountStatus) => keycloak.live - local.live - explained.live;
 *
 * console.log(status.mode?.mode === reading, users && ageMs(users), counts && missing(counts));
 * console.log(status.problems.filter(({ kind }) => late.includes(kind)));
 * ```
 */
export async function readFeedStatus(feed: FeedRepository, now = new Date()): Promise<FeedStatus> {
  const [backlog, mode, unproven, paused, position, shared, deadLetters, reconcile] = await Promise.all([
    feed.backlog(),
    readStoredMode(feed, now),
    feed.countPostponed([ABSENCE_UNPROVEN]),
    feed.countPostponed([DELETIONS_PAUSED]),
    feed.readPosition("user_events"),
    readSharedProblems(feed),
    feed.listDead(),
    readReconcileStatus(feed),
  ]);
  const problems: FeedStatus["problems"] = shared.map((kind) => ({ kind, todo: problemTodos[kind] }));
  const add = (kind: FeedProblemKind, isThere: boolean, todo = problemTodos[kind]) => {
    if (isThere && !problems.some((problem) => problem.kind === kind)) problems.push({ kind, todo });
  };
  const isOld = (at: Date | null, thanMs: number) => at !== null && now.getTime() - at.getTime() > thanMs;
  const readAt = position?.updatedAt ?? null;
  add("feed_off", mode?.running === true && mode.unwanted);
  add("behind", mode !== null && !mode.running, NOBODY_RUNS);
  add("behind", isOld(backlog.oldestChangedAt, BEHIND_MS));
  add("behind", (mode?.mode ?? "events") === "events" && isOld(readAt, BEHIND_MS + STORE_EVERY_MS));
  add("deletions_paused", unproven > 0, UNPROVEN);
  add("deletions_paused", paused > 0, TOO_MANY);
  add("dead_letters", backlog.dead > 0);
  add(
    "reconcile_late",
    [reconcile.users, reconcile.sessions].some((round) => round && isLate(round, now)),
  );
  return {
    backlog,
    mode,
    readAt,
    problems,
    deadLetters,
    reconcile,
  };
}

const NOBODY_RUNS = "start a gateway: none has run for a minute, and without one no changes in Keycloak arrive here";

const sharedSchema = z.object({ kinds: z.array(z.string()) });

/** The problems that the reading replica has stored. */
export async function readSharedProblems(feed: Pick<FeedRepository, "readPosition">): Promise<FeedProblemKind[]> {
  const shared = await feed.readPosition(SHARED_PROBLEMS);
  const { kinds } = sharedSchema.safeParse(shared?.position).data ?? { kinds: [] };
  return kinds.flatMap((kind) => fromStoredKind(kind) ?? []);
}
