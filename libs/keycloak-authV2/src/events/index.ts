/** What changes in Keycloak, brought here; and what has changed here, reported to sibling services. */
export { ChangeFeed, type ChangeFeedOptions, type ChangeFeedSetup } from "./change-feed.ts";
export { type FeedProblem, type FeedProblemKind, isIncomplete } from "./feed/feed-problems.ts";
export type { FeedMode, FeedModeStatus } from "./feed-mode.ts";
export { type FeedStatus, readFeedStatus } from "./feed-status.ts";
export * from "./outbox/index.ts";
export type { CountStatus, ReconcileStatus, RoundStatus } from "./reconcile/reconcile-status.ts";
