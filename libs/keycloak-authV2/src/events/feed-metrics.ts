import type { FeedBacklog, NoticeSource } from "@libs/database";
import { counterIn, gaugeIn } from "@libs/observability";
import type { Registry } from "prom-client";
import type { FeedMetrics } from "./feed/feed-deps.ts";
import type { FeedProblemKind } from "./feed/feed-problems.ts";
import type { FeedMode } from "./feed-mode.ts";

/** The numbers of the readers and the watch, beside those of the handler. */
export interface ReaderMetrics extends FeedMetrics {
  /** New events of a source brought so many notices. */
  noticesRecorded(source: NoticeSource, count: number): void;
  /** Seconds that the oldest change waits, or since the events were read last. */
  lag(seconds: number): void;
  backlog(backlog: Pick<FeedBacklog, "waiting" | "dead">): void;
  /** Whether this process reads the events for all replicas. */
  leader(leads: boolean): void;
  problem(kind: FeedProblemKind, present: boolean): void;
  /** @param periodMs within which everybody is compared, in milliseconds */
  mode(mode: FeedMode, periodMs: number): void;
}

/** Metrics of the change feed, on the registry of the process. */
export function createFeedMetrics(registry: Registry): ReaderMetrics {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    gaugeIn(registry, { name, help, labelNames });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    counterIn(registry, { name, help, labelNames });

  const notices = counter(
    "feed_notices_total",
    "Change notices to reconcile a user or session, by source and outcome.",
    ["source", "outcome"],
  );
  const deleted = counter(
    "feed_users_deleted_total",
    "Users that became tombstones because Keycloak no longer has them.",
  );
  const paused = counter(
    "feed_deletions_postponed_total",
    "Deletions that were delayed because there were too many in a minute.",
  );
  const lag = gauge("feed_lag_seconds", "Age of the oldest waiting change, or time since events were last read.");
  const waiting = gauge("feed_notices_waiting", "Change notices that are not handled yet.");
  const dead = gauge("feed_dead_letters", "Change notices that could not be handled and wait for an operator.");
  const leads = gauge("feed_leader", "1 while this process reads Keycloak's events for all replicas.");
  const problem = gauge("feed_problem", "1 while the change feed has this problem; reported within 60 seconds.", [
    "kind",
  ]);
  const mode = gauge(
    "feed_mode",
    "1 for the active source of changes in Keycloak: its events, or reconciliation alone.",
    ["mode"],
  );
  const bound = gauge(
    "feed_bound_seconds",
    "Time within which a change in Keycloak arrives here, by any source; +Inf: never.",
  );
  return {
    mode: (current, periodMs) => {
      for (const one of ["events", "reconciliation", "off"] as const) mode.set({ mode: one }, one === current ? 1 : 0);
      bound.set(current === "off" ? Number.POSITIVE_INFINITY : periodMs / 1_000);
    },
    noticesRecorded: (source, count) => notices.inc({ source, outcome: "recorded" }, count),
    noticesHandled: (source, outcome, count) => notices.inc({ source, outcome }, count),
    usersDeleted: (count) => deleted.inc(count),
    deletionsPostponed: (count) => paused.inc(count),
    lag: (seconds) => lag.set(seconds),
    backlog: (backlog) => {
      waiting.set(backlog.waiting);
      dead.set(backlog.dead);
    },
    leader: (is) => leads.set(is ? 1 : 0),
    problem: (kind, present) => problem.set({ kind }, present ? 1 : 0),
  };
}
