import type { FeedBacklog, FeedRepository, Hint } from "@libs/database";
import { z } from "zod";
import type { FeedProblemKind } from "./feed-problems.ts";
import { problemTodos, SHARED_PROBLEMS } from "./problem-board.ts";
import { isLate, type ReconcileStatus, readReconcileStatus } from "./reconcile/reconcile-status.ts";

/** How the change feed does, as far as the database knows it. */
export interface FeedStatus {
  backlog: FeedBacklog;
  /** When the events were read last (to within 10 seconds); null: never. */
  readAt: Date | null;
  /** What the reading replica has found wrong, half a minute ago at most while it runs. */
  problems: { kind: FeedProblemKind; todo: string }[];
  /** The first hundred. */
  deadLetters: Hint[];
  /** How old the comparisons with Keycloak are. */
  reconcile: ReconcileStatus;
}

/** Reads it from the database alone: for operators. @throws DatabaseError */
export async function readFeedStatus(feed: FeedRepository, now = new Date()): Promise<FeedStatus> {
  const [backlog, position, shared, deadLetters, reconcile] = await Promise.all([
    feed.backlog(),
    feed.readPosition("user_events"),
    readSharedProblems(feed),
    feed.listDead(),
    readReconcileStatus(feed),
  ]);
  const all: FeedProblemKind[] = [...shared];
  if (backlog.dead > 0) all.push("dead_letters");
  if ([reconcile.users, reconcile.sessions].some((round) => round && isLate(round, now))) all.push("reconcile_late");
  return {
    backlog,
    readAt: position?.updatedAt ?? null,
    problems: all.map((kind) => ({ kind, todo: problemTodos[kind] })),
    deadLetters,
    reconcile,
  };
}

const sharedSchema = z.object({ kinds: z.array(z.string()) });

/** The problems that the reading replica has stored. */
export async function readSharedProblems(feed: Pick<FeedRepository, "readPosition">): Promise<FeedProblemKind[]> {
  const shared = await feed.readPosition(SHARED_PROBLEMS);
  const { kinds } = sharedSchema.safeParse(shared?.position).data ?? { kinds: [] };
  return kinds.filter((kind): kind is FeedProblemKind => Object.hasOwn(problemTodos, kind));
}
