import { setTimeout as pause } from "node:timers/promises";
import type { FeedRepository, SyncRunRepository, UserRepository } from "@libs/database";
import { z } from "zod";
import { InterruptedError, OutageRetry } from "../services/bulk/outage-retry.ts";
import { type ScanPorts, scanKeycloakUsers } from "../services/bulk/scan-keycloak-users.ts";
import { type ScanPosition, scanStart } from "../services/bulk/scan-position.ts";
import { toAuthError } from "../services/shared/database-failure.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { ProblemBoard } from "./feed/problem-board.ts";

type RecordUnknownDeps = Pick<SyncDeps, "now" | "wake"> & {
  users: Pick<UserRepository, "findByIds">;
  feed: Pick<FeedRepository, "addNotices">;
};

/** For {@link FullReconciliation}. */
export type FullReconciliationDeps = Pick<SyncDeps, "now" | "logger" | "wake"> & {
  syncRuns: SyncRunRepository;
  feed: Pick<FeedRepository, "addNoticesForAllUsers">;
  problems: Pick<ProblemBoard, "report" | "clear">;
} & RecordUnknownDeps &
  ScanPorts;

const KIND = "full_reconciliation";
/** A gateway's calls end early: a page that Keycloak has not in its cache takes 2 to 5 ms a user. */
const PAGE = 200;
const RETRY_MS = 5_000;

/**
 * In the words of earlier versions, whose replicas go on with the same run. `hinted`: notices for known users are
 * recorded.
 */
const positionSchema = z.object({
  hinted: z.boolean().default(false),
  /** The scan's position; replicas of an earlier version read and write it under this name. */
  walk: z.custom<ScanPosition>().default(scanStart),
});

/**
 * Reconciles everybody: records notices for every user that is known here, and for those of Keycloak's that are not.
 * For when events were lost. Kept as a run in the database, so that another process goes on with it; doing it twice is
 * harmless.
 */
export class FullReconciliation {
  #starting: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  /** It begins anew before it ends. */
  #again = false;

  constructor(private readonly deps: FullReconciliationDeps) {}

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Resolves once it is written down, and goes on by itself. @throws DatabaseError */
  start(reason: string): Promise<void> {
    this.#starting ??= this.#start(reason).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Goes on with one that another process left. @throws DatabaseError */
  async resume(): Promise<void> {
    const { syncRuns } = this.deps;
    if (this.#starting || this.#running || this.#stopped) return;
    const run = await syncRuns.findRunning(KIND);
    if (run && !this.#starting && !this.#running) this.#begin(run.id);
  }

  /** Resolves when none is under way in this process. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Leaves the rest to the next process. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #start(reason: string): Promise<void> {
    const { syncRuns, now, logger } = this.deps;
    if (this.#stopped) return;
    // One that is under way has covered some before this loss: noted first, it may end while this is written down.
    this.#again = this.#running !== undefined;
    // A row of its own: whoever is at the one before, in another process, writes over its place and ends it.
    const before = await syncRuns.findRunning(KIND);
    if (before) await syncRuns.finish(before.id, "superseded", now());
    const run = await syncRuns.begin(KIND, now());
    logger.warn({ runId: run.id, reason }, "full reconciliation of all users started");
    if (!this.#running) this.#begin(run.id);
  }

  #begin(runId: string): void {
    const { problems } = this.deps;
    problems.report("full_reconciliation_running");
    this.#running = this.#run(runId).finally(() => {
      this.#running = undefined;
      if (this.#again && !this.#stopped) return this.#begin(runId);
      problems.clear("full_reconciliation_running");
    });
  }

  /** Never rejects: an outage is waited for. */
  async #run(begun: string): Promise<void> {
    const { syncRuns, now, logger } = this.deps;
    const { signal } = this.#stop;
    let runId = begun;
    let isLogged = false;
    const logWaiting = (code: string | null) => {
      if (!isLogged && code)
        logger.warn({ runId, code }, "the full reconciliation is waiting: it continues when it can");
      isLogged ||= code !== null;
    };
    const retry = new OutageRetry({ outageMs: Number.POSITIVE_INFINITY, signal, onWaiting: logWaiting });
    while (!this.#stopped) {
      try {
        if (this.#again) {
          await this.#starting?.catch(() => {});
          runId = (await syncRuns.begin(KIND, now())).id;
          this.#again = false;
        }
        const counts = await this.#scan(runId, retry);
        if (!counts) return;
        if (this.#again) continue;
        await syncRuns.finish(runId, null, now());
        logger.info({ runId, ...counts }, "full reconciliation of all users finished");
        if (!this.#again) return;
      } catch (error) {
        if (error instanceof InterruptedError) return;
        logWaiting(toAuthError(error).code);
        await pause(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** @returns null when it was stopped */
  async #scan(runId: string, retry: OutageRetry): Promise<Record<string, number> | null> {
    const { feed, syncRuns, now, wake } = this.deps;
    const run = await syncRuns.findRunning(KIND);
    // Another process has done the rest.
    if (run?.id !== runId) return null;
    const { hinted: hasRecorded, walk: begin } = positionSchema.parse(run.position ?? {});
    const counts = { known: 0, seen: 0, missing: 0, ...run.counts };
    if (!hasRecorded) {
      counts.known = await feed.addNoticesForAllUsers("full_reconciliation", now());
      await syncRuns.save(runId, { hinted: true }, counts, now());
      wake("notices");
    }
    const scanned = scanKeycloakUsers(
      { ...this.deps, retry },
      { pageSize: PAGE, concurrency: 1, position: begin, now },
    );
    for await (const { users, position } of scanned) {
      counts.missing += await this.#recordUnknown(users.map(({ id }) => id));
      counts.seen += users.length;
      await syncRuns.save(runId, { hinted: true, walk: position }, counts, now());
      if (this.#stopped) return null;
    }
    return counts;
  }

  async #recordUnknown(ids: string[]): Promise<number> {
    const { users, feed, now, wake } = this.deps;
    const live = new Set(
      (await users.findByIds(ids)).filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id),
    );
    const unknown = ids.filter((id) => !live.has(id));
    if (unknown.length === 0) return 0;
    const notice = { kind: "user", source: "full_reconciliation", changedAt: null } as const;
    await feed.addNotices(
      unknown.map((subject) => ({ ...notice, subject })),
      now(),
    );
    wake("notices");
    return unknown.length;
  }
}
