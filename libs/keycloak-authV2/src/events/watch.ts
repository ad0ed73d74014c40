import type { FeedRepository } from "@libs/database";
import { toAuthError } from "../services/shared/database-failure.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { Sweep } from "../workers/sweep.ts";
import type { FeedDeps } from "./feed/feed-deps.ts";
import type { FeedProblemKind } from "./feed/feed-problems.ts";
import { type ProblemBoard, SHARED_PROBLEMS, toStoredKind } from "./feed/problem-board.ts";
import type { FeedLag } from "./feed-lag.ts";
import { readSharedProblems } from "./feed-status.ts";
import type { FullReconciliation } from "./full-reconciliation.ts";
import type { NotBeforeWatch } from "./not-before-watch.ts";
import type { EventReader, ReaderDeps } from "./read-events.ts";
import type { SetupCheck } from "./setup-check.ts";

/** Each check comes so often (a quarter more at most), so that every problem is reported within 60 seconds. */
const INTERVAL_MS = 12_000;

/** Nothing is wrong with the events of a server whose events can't be read. */
const eventProblems = [
  "user_events_off",
  "admin_events_off",
  "event_types_missing",
  "retention_too_short",
  "no_permission",
  "canary_missing",
] as const satisfies FeedProblemKind[];

/** What only the process that reads can see. */
const readersProblems = [
  ...eventProblems,
  "clock_skew",
  "full_reconciliation_running",
] as const satisfies FeedProblemKind[];

/** For {@link FeedWatch}: its checks, and what the replicas share. */
export type WatchDeps = Pick<SyncDeps, "now" | "logger"> &
  Pick<FeedDeps, "serverFeatures"> &
  Pick<ReaderDeps, "leader"> & {
    reader: Pick<EventReader, "failure">;
    lag: Pick<FeedLag, "seconds" | "othersReadAt" | "checkBacklog" | "report">;
    setup: Pick<SetupCheck, "events" | "clocks" | "canary">;
    notBefore: Pick<NotBeforeWatch, "check">;
    fullReconciliation: Pick<FullReconciliation, "resume" | "isRunning">;
    feed: Pick<FeedRepository, "storeEvents" | "readPosition">;
    problems: Pick<ProblemBoard, "set" | "clear" | "list">;
  };

/** Notices the feed's own silence: what is switched off, refused, late, lost or given up. */
export class FeedWatch {
  constructor(private readonly deps: WatchDeps) {}

  sweep(): Sweep {
    return { name: "watch", intervalMs: INTERVAL_MS, local: true, run: () => this.check() };
  }

  async check(): Promise<number> {
    const { leader, lag, now } = this.deps;
    await this.#attempt(() => lag.checkBacklog());
    const canRead = await this.#canReadEvents();
    if (leader.leads) await this.#checkKeycloak(canRead);
    else await this.#attempt(() => this.#learnFromReader());
    // Nobody reads, and nobody is late.
    if (!canRead) lag.othersReadAt = now();
    lag.report();
    return 0;
  }

  async #checkKeycloak(canReadEvents: boolean): Promise<void> {
    const { fullReconciliation, problems, setup, notBefore } = this.deps;
    if (canReadEvents) await this.#checkEvents();
    else {
      for (const kind of eventProblems) problems.clear(kind);
      await this.#attempt(() => setup.clocks());
    }
    await this.#attempt(() => notBefore.check());
    await this.#attempt(() => fullReconciliation.resume());
    await this.#attempt(() => this.#share());
  }

  /** Where nobody knows, what is wrong with them shows when they are asked for. */
  async #canReadEvents(): Promise<boolean> {
    let canRead = true;
    await this.#attempt(async () => {
      canRead = (await this.deps.serverFeatures.current()).eventsByTime !== false;
    });
    return canRead;
  }

  async #checkEvents(): Promise<void> {
    const { reader, problems, setup, lag } = this.deps;
    const failures = [
      await this.#attempt(() => setup.events(lag.seconds)),
      await this.#attempt(() => setup.clocks()),
      await this.#attempt(() => setup.canary()),
      reader.failure,
    ];
    problems.set("no_permission", failures.includes("keycloak.forbidden"));
  }

  async #share(): Promise<void> {
    const { feed, leader, now, problems } = this.deps;
    const fence = await leader.take();
    if (fence === null) return;
    const kinds = problems
      .list()
      .map(({ kind }) => kind)
      .filter((kind) => (readersProblems as readonly FeedProblemKind[]).includes(kind))
      .map(toStoredKind);
    const lease = { name: leader.name, fence };
    await feed.storeEvents({ source: SHARED_PROBLEMS, events: [], position: { kinds }, lease }, now());
  }

  async #learnFromReader(): Promise<void> {
    const { feed, problems, fullReconciliation, lag } = this.deps;
    const [kinds, position] = await Promise.all([readSharedProblems(feed), feed.readPosition("user_events")]);
    lag.othersReadAt = position?.updatedAt;
    for (const kind of readersProblems) {
      if (kind !== "full_reconciliation_running" || !fullReconciliation.isRunning)
        problems.set(kind, kinds.includes(kind));
    }
  }

  /** @returns the code of its failure, or null. An outage is reported as `behind`, once it lasts. */
  async #attempt(check: () => Promise<void>): Promise<string | null> {
    try {
      await check();
      return null;
    } catch (error) {
      const { code } = toAuthError(error);
      this.deps.logger.debug({ err: error, code }, "change feed: a check could not be made");
      return code;
    }
  }
}
