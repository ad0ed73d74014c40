import type { LiveSession } from "./session.ts";

/**
 * One scan of Keycloak's users that writes as it goes, and goes on where it was cut short.
 * @see {@link ScanRepository}
 */
export interface ScanRun {
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
 * @see {@link ScanRepository}
 */
export interface ScanPage {
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
 * @see {@link ScanRepository}
 */
export interface ScanFailure {
  userId: string;
  /** A stable code. */
  error: string;
}

/**
 * A live session and its user's name.
 * @see {@link ScanRepository}
 */
export type SessionOfUser = LiveSession & { username: string };

/**
 * PORT: what scans of all users store and ask. Who was seen is forgotten by a crash of PostgreSQL: then more users are
 * looked up one by one, and nothing is wrong.
 * @example
 * ```ts
 * import type { ScanFailure, ScanPage, ScanRepository, ScanRun, SessionOfUser } from "@libs/database";
 *
 * export async function finish(runs: ScanRepository, page: ScanPage, failures: ScanFailure[]): Promise<SessionOfUser[]> {
 *   const unfinished: ScanRun | null = await runs.findUnfinished();
 *   if (unfinished) await runs.resume(unfinished.id, page.now);
 *   await runs.recordFailures(page.runId, failures, page.now);
 *   if (await runs.finishPage(page)) await runs.end(page.runId, "finished", null, page.now);
 *   return runs.listLiveSessions("", 100);
 * }
 * ```
 */
export interface ScanRepository {
  begin(position: unknown, counts: unknown, now: Date): Promise<ScanRun>;
  /** The newest run, where it did not come to its end; null: there is none, or it did. */
  findUnfinished(): Promise<ScanRun | null>;
  /** Takes a run up again. */
  resume(runId: string, now: Date): Promise<void>;
  /** One statement: who was seen, and how far the scan is. @returns false when the lease was lost (nothing is written) */
  finishPage(page: ScanPage): Promise<boolean>;
  /** @param error a stable code, with `failed` */
  end(runId: string, state: "finished" | "failed" | "cancelled", error: string | null, now: Date): Promise<void>;
  /** One row a user and run, however often it failed. */
  recordFailures(runId: string, failures: readonly ScanFailure[], now: Date): Promise<void>;
  /** In the order of their ids. @param after a user id, or "" */
  listFailures(runId: string, after: string, limit: number): Promise<ScanFailure[]>;
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
