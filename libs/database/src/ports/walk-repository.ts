import type { LiveSession } from "./session-repository.ts";

/**
 * One walk over Keycloak's users that writes as it goes, and goes on where it was cut short.
 * @see {@link WalkRepository}
 */
export interface WalkRun {
  id: string;
  /** `cancelled`: stopped by its operator. */
  state: "running" | "failed" | "cancelled";
  /** Where to go on. */
  position: unknown;
  counts: unknown;
  startedAt: Date;
  updatedAt: Date;
}

/**
 * What is kept once a page of users is written.
 * @see {@link WalkRepository}
 */
export interface WalkedPage {
  runId: string;
  /** Keycloak user ids of the page. */
  seen: readonly string[];
  position: unknown;
  counts: unknown;
  now: Date;
  /** Refused when somebody else has had this lease since. */
  lease: { name: string; fence: bigint };
}

/**
 * A user whose write failed, and why.
 * @see {@link WalkRepository}
 */
export interface WalkFailure {
  userId: string;
  /** A stable code. */
  error: string;
}

/**
 * A live session and its user's name.
 * @see {@link WalkRepository}
 */
export type SessionOfUser = LiveSession & { username: string };

/**
 * PORT: what walks over all users keep and ask. Who was seen is forgotten by a crash of PostgreSQL: then more users are
 * looked up one by one, and nothing is wrong.
 * @example
 * ```ts
 * import type { SessionOfUser, WalkedPage, WalkFailure, WalkRepository, WalkRun } from "@libs/database";
 *
 * export async function finish(runs: WalkRepository, page: WalkedPage, failures: WalkFailure[]): Promise<SessionOfUser[]> {
 *   const unfinished: WalkRun | null = await runs.findUnfinished();
 *   if (unfinished) await runs.resume(unfinished.id, page.now);
 *   await runs.recordFailures(page.runId, failures, page.now);
 *   if (await runs.finishPage(page)) await runs.end(page.runId, "finished", null, page.now);
 *   return runs.listLiveSessions("", 100);
 * }
 * ```
 */
export interface WalkRepository {
  begin(position: unknown, counts: unknown, now: Date): Promise<WalkRun>;
  /** The newest run, where it did not come to its end; null: there is none, or it did. */
  findUnfinished(): Promise<WalkRun | null>;
  /** Takes a run up again. */
  resume(runId: string, now: Date): Promise<void>;
  /** One statement: who was seen, and how far the walk is. @returns false when the lease was lost (nothing is written) */
  finishPage(page: WalkedPage): Promise<boolean>;
  /** @param error a stable code, with `failed` */
  end(runId: string, state: "finished" | "failed" | "cancelled", error: string | null, now: Date): Promise<void>;
  /** One row a user and run, however often it failed. */
  recordFailures(runId: string, failures: readonly WalkFailure[], now: Date): Promise<void>;
  /** In the order of their ids. @param after a user id, or "" */
  listFailures(runId: string, after: string, limit: number): Promise<WalkFailure[]>;
  /** Failures of earlier runs are over: a later one has been everywhere. */
  resolveFailuresBefore(runId: string, now: Date): Promise<void>;
  markSeen(runId: string, ids: readonly string[]): Promise<void>;
  /** How many live local users a run has not seen, and how many there are. */
  countUnseen(runId: string): Promise<{ unseen: number; live: number }>;
  /** Live local users that a run has not seen, in the order of their ids. @param after a user id, or "" */
  listUnseen(runId: string, after: string, limit: number): Promise<{ id: string; username: string }[]>;
  /** Forgets whom runs have seen. @param except the run that may go on; null: none */
  forgetSeen(except: string | null): Promise<void>;
  /** Forgets whom one run has seen. */
  forgetSeenBy(runId: string): Promise<void>;
  /** Which of these users have a live session. */
  findSignedIn(ids: readonly string[]): Promise<string[]>;
  countSignedIn(): Promise<number>;
  /** The live sessions of the next users that have any, in the order of the users' ids. @param after a user id, or "" */
  listLiveSessions(after: string, users: number): Promise<SessionOfUser[]>;
}
