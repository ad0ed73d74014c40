import type { NoticeSource } from "@libs/database";
import type { ServerFeatureSource } from "../../ports/ports.ts";
import type { FeedProblems } from "./feed-problems.ts";

/** What flows of the change feed share beside what `SyncDeps` has; like there, each picks what it uses. */
export interface FeedDeps {
  /** What this Keycloak can do: whether its events can be read at all. */
  serverFeatures: Pick<ServerFeatureSource, "current">;
  /** More users than this do not become tombstones within a minute: a lost permission must not look like an exodus. */
  maxDeletionsPerMinute: number;
  /** Begins a full reconciliation, in the background. @throws DatabaseError */
  reconcileEveryUser(reason: string): Promise<void>;
  problems: FeedProblems;
}

/** `handled`: done; `postponed`: an outage, tried again; `failed`: this subject's own failure; `dead`: given up. */
export type NoticeOutcome = "handled" | "postponed" | "failed" | "dead";

/** What the handler of change notices counts; the readers have metrics of their own. */
export interface FeedMetrics {
  noticesHandled(source: NoticeSource, outcome: NoticeOutcome, count: number): void;
  /** Users that became tombstones. */
  usersDeleted(count: number): void;
  /** Deletions that wait because there were too many within a minute. */
  deletionsPostponed(count: number): void;
}
