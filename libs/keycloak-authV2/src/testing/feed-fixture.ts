import type { NewNotice, NoticeKind } from "@libs/database";
import { silentLogger } from "@libs/observability";
import { DeletionGuard, type DeletionGuardDeps } from "../events/deletion-guard.ts";
import type { FeedDeps } from "../events/feed/feed-deps.ts";
import { ProblemBoard } from "../events/feed/problem-board.ts";
import { createFeedMetrics } from "../events/feed-metrics.ts";
import { createNoticeHandlers, type NoticeHandlerDeps } from "../events/notice-handlers.ts";
import { createNoticeSweep } from "../events/notice-sweep.ts";
import type { SettleNoticesDeps } from "../events/settle-notices.ts";
import type { ComposedDeps } from "../services/sync/composed-deps.ts";
import type { InMemoryKeycloakOptions } from "./in-memory-keycloak.ts";
import { createSyncFixture } from "./sync-fixture.ts";

/** The change feed on fakes, with a clock that stands until it is moved. */
export function createFeedFixture(options: InMemoryKeycloakOptions = {}) {
  const fixture = createSyncFixture(options);
  const { deps, keycloak, clock, registry, database } = fixture;
  const feedMetrics = createFeedMetrics(registry);
  const problems = new ProblemBoard(feedMetrics, silentLogger, deps.now);
  const reconciliations: string[] = [];
  const feedDeps = {
    ...deps,
    reconcileEveryUser: async (reason: string) => void reconciliations.push(reason),
    eventSource: keycloak.eventSource,
    serverFeatures: keycloak.serverFeatures,
    maxDeletionsPerMinute: 100,
    feedMetrics,
    problems,
  } satisfies ComposedDeps & FeedDeps & NoticeHandlerDeps & DeletionGuardDeps & SettleNoticesDeps;
  const createSweep = (change: Partial<NoticeHandlerDeps> = {}) => {
    const guard = new DeletionGuard(feedDeps);
    return createNoticeSweep({ ...feedDeps, guard, handlers: createNoticeHandlers({ ...feedDeps, ...change }, guard) });
  };
  const sweep = createSweep();
  return {
    ...fixture,
    feedDeps,
    /** Why everybody was to be reconciled. */
    reconciliations,
    problems,
    sweep,
    /** Of another replica. */
    createSweep,
    notice: (kind: NoticeKind, subject: string, notice: Partial<NewNotice> = {}) =>
      deps.feed.addNotices([{ kind, subject, source: "admin_events", changedAt: deps.now(), ...notice }], deps.now()),
    /** What waits and what is dead, without the logins' own notices. */
    notices: () => [...database.notices.values()],
    /** Lets time pass, then handles what is due until there is nothing more. */
    handle: async (afterMs = 0) => {
      clock.now += afterMs;
      while ((await sweep.run()) > 0);
    },
    calls: async (work: () => Promise<unknown>) => {
      const before = keycloak.calls.length;
      await work();
      return keycloak.calls.slice(before);
    },
  };
}

export type FeedFixture = ReturnType<typeof createFeedFixture>;
