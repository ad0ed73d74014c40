import type { FeedRepository, LeaseRepository } from "@libs/database";
import type { KeycloakEventSource } from "../ports/ports.ts";
import { toAuthError } from "../services/shared/database-failure.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { Sweep } from "../workers/sweep.ts";
import { LoginCanary, type LoginCanaryDeps } from "./canary.ts";
import { STORE_EVERY_MS } from "./event-tail.ts";
import type { FeedDeps } from "./feed/feed-deps.ts";
import type { FeedProblemKind } from "./feed/feed-problems.ts";
import { BEHIND_MS, type ProblemBoard, SHARED_PROBLEMS, toStoredKind } from "./feed/problem-board.ts";
import type { ReaderMetrics } from "./feed-metrics.ts";
import { readSharedProblems } from "./feed-status.ts";
import type { FullReconciliation } from "./full-reconciliation.ts";
import { NOT_BEFORE } from "./notices/realm-subjects.ts";
import { noticeTypes } from "./notices/user-event-notices.ts";
import type { EventReader, ReaderDeps } from "./read-events.ts";

/** Each check comes so often (a quarter more at most), so that every problem is reported within 60 seconds. */
const INTERVAL_MS = 12_000;
const SKEW_MS = 2_000;
/** Longer than the longest overlap, with a margin. */
const SHORTEST_RETENTION_MS = 900_000;

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

const requiredTypes = [...noticeTypes, "LOGIN"];

/** What the checks have in common. */
type SharedDeps = Pick<SyncDeps, "now" | "logger"> & {
  problems: Pick<ProblemBoard, "set" | "clear" | "list">;
};

/** How far the reading is, here and on the replica that does it. */
type LagDeps = Pick<ReaderDeps, "clock" | "leader" | "pollIntervalMs"> & {
  reader: Pick<EventReader, "lastReadAt" | "failure">;
  fullReconciliation: Pick<FullReconciliation, "resume" | "isRunning">;
  feed: Pick<FeedRepository, "backlog" | "storeEvents" | "readPosition">;
  feedMetrics: Pick<ReaderMetrics, "backlog" | "lag">;
};

/** How Keycloak and the database are set up. */
type SetupDeps = Pick<FeedDeps, "serverFeatures"> &
  Pick<SyncDeps, "wake"> & {
    eventSource: Pick<KeycloakEventSource, "readEventsConfig" | "knownTypes">;
    leases: Pick<LeaseRepository, "now">;
    feed: Pick<FeedRepository, "addNotices">;
  };

/** For {@link FeedWatch}: it checks whatever the feed depends on. */
export type WatchDeps = SharedDeps & LagDeps & SetupDeps & LoginCanaryDeps;

/** Notices the feed's own silence: what is switched off, refused, late, lost or given up. */
export class FeedWatch {
  readonly #canary: LoginCanary;
  /** When another replica is known to have read last. */
  #othersReadAt: Date | undefined;
  #oldestChangedAt: Date | null = null;
  /** What has been handled, or is about to be. */
  #notBefore: Date | null = null;

  constructor(private readonly deps: WatchDeps) {
    this.#canary = new LoginCanary(deps);
  }

  sweep(): Sweep {
    return { name: "watch", intervalMs: INTERVAL_MS, local: true, run: () => this.check() };
  }

  /** Seconds that the oldest change waits, or since the events were read last. */
  get lagSeconds(): number {
    const { now, clock, reader, pollIntervalMs } = this.deps;
    const at = now().getTime() - 2 * pollIntervalMs;
    const ownMs = at - reader.lastReadAt.getTime();
    const othersMs = at - (this.#othersReadAt?.getTime() ?? 0) - STORE_EVERY_MS;
    const waitingMs = this.#oldestChangedAt ? clock.now().getTime() - this.#oldestChangedAt.getTime() : 0;
    return Math.max(0, Math.min(ownMs, othersMs), waitingMs) / 1000;
  }

  async check(): Promise<number> {
    const { problems, leader, feedMetrics, now } = this.deps;
    await this.#attempt(() => this.#checkBacklog());
    const canRead = await this.#canReadEvents();
    if (leader.leads) await this.#checkKeycloak(canRead);
    else await this.#attempt(() => this.#learnFromReader());
    // Nobody reads, and nobody is late.
    if (!canRead) this.#othersReadAt = now();
    feedMetrics.lag(this.lagSeconds);
    problems.set("behind", this.lagSeconds * 1000 > BEHIND_MS, { lagSeconds: Math.round(this.lagSeconds) });
    return 0;
  }

  async #checkBacklog(): Promise<void> {
    const { feed, feedMetrics, problems } = this.deps;
    const backlog = await feed.backlog();
    feedMetrics.backlog(backlog);
    this.#oldestChangedAt = backlog.oldestChangedAt;
    problems.set("dead_letters", backlog.dead > 0, { deadLetters: backlog.dead });
  }

  async #checkKeycloak(canReadEvents: boolean): Promise<void> {
    const { fullReconciliation, problems } = this.deps;
    if (canReadEvents) await this.#checkEvents();
    else {
      for (const kind of eventProblems) problems.clear(kind);
      await this.#attempt(() => this.#checkClocks());
    }
    await this.#attempt(() => this.#checkNotBefore());
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
    const { reader, problems } = this.deps;
    const failures = [
      await this.#attempt(() => this.#checkConfig()),
      await this.#attempt(() => this.#checkClocks()),
      await this.#attempt(async () => problems.set("canary_missing", await this.#canary.check())),
      reader.failure,
    ];
    problems.set("no_permission", failures.includes("keycloak.forbidden"));
  }

  async #checkConfig(): Promise<void> {
    const { eventSource, problems } = this.deps;
    const config = await eventSource.readEventsConfig();
    problems.set("user_events_off", !config.userEventsEnabled);
    problems.set("admin_events_off", !config.adminEventsEnabled);
    // What an older server does not know it can't store.
    const required = await eventSource.knownTypes(requiredTypes);
    const missing = required.filter((type) => !config.storedTypes.includes(type));
    problems.set("event_types_missing", missing.length > 0, { missing });
    const keptMs = config.userEventsKeptMs;
    const neededMs = Math.max(SHORTEST_RETENTION_MS, this.lagSeconds * 1000);
    problems.set("retention_too_short", keptMs !== null && keptMs < neededMs, {
      keptSeconds: (keptMs ?? 0) / 1000,
      neededSeconds: Math.round(neededMs / 1000),
    });
  }

  async #checkClocks(): Promise<void> {
    const { clock, leases, now, problems } = this.deps;
    await clock.measure();
    const { skewMs, uncertaintyMs } = clock.skew;
    const before = now().getTime();
    const database = (await leases.now()).getTime();
    const after = now().getTime();
    const databaseMs = database - (before + after) / 2;
    const isOff = Math.abs(skewMs) > SKEW_MS + uncertaintyMs || Math.abs(databaseMs) > SKEW_MS + (after - before) / 2;
    problems.set("clock_skew", isOff, {
      keycloakAheadMs: Math.round(skewMs),
      databaseAheadMs: Math.round(databaseMs),
    });
  }

  /** It may have been set without an event that could be read. While it is to come, every new token is stale at once. */
  async #checkNotBefore(): Promise<void> {
    const { clock, feed, now, wake } = this.deps;
    const { notBefore } = clock;
    const isHandled =
      notBefore?.getTime() === this.#notBefore?.getTime() && notBefore !== null && notBefore <= clock.now();
    if (notBefore === null || isHandled) return;
    await feed.addNotices([{ ...NOT_BEFORE, source: "admin_events", changedAt: clock.now() }], now());
    this.#notBefore = notBefore;
    wake("notices");
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
    const { feed, problems, fullReconciliation } = this.deps;
    const [kinds, position] = await Promise.all([readSharedProblems(feed), feed.readPosition("user_events")]);
    this.#othersReadAt = position?.updatedAt;
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
