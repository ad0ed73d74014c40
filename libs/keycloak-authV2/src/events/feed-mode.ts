import type { FeedRepository } from "@libs/database";
import { z } from "zod";

/**
 * What brings changes in Keycloak here. `events`: its stored events, and reconciliation for what they leave out.
 * `reconciliation`: counting and comparing alone, since this Keycloak's events can't be read one after the other (before
 * 26.2), or are not to be read (`FEED_ENABLED=false`). `off`: nothing does, but for back-channel logouts.
 * @see {@link readFeedStatus}
 */
export type FeedMode = "events" | "reconciliation" | "off";

/**
 * How changes in Keycloak arrive, for operators.
 * @see {@link ChangeFeed}
 */
export interface FeedModeStatus {
  mode: FeedMode;
  /** Within which time, in words. */
  bound: string;
}

/** The source under whose position the mode is stored, for `authctl feed status`. */
const FEED_MODE = "feed.mode";
/** It is stored this often while a gateway runs, and older than that nobody knows whether it still holds. Milliseconds. */
export const MODE_EVERY_MS = 12_000;
const STALE_MS = 5 * MODE_EVERY_MS;

const schema = z.object({
  mode: z.enum(["events", "reconciliation", "off"]),
  periodMs: z.number().positive(),
  /** It is off, and nobody has chosen that. */
  unwanted: z.boolean(),
});

/** As it is stored. */
export type StoredMode = z.infer<typeof schema>;

/** @param periodMs within which everybody is compared, in milliseconds */
export function describeMode(mode: FeedMode, periodMs: number): FeedModeStatus {
  return { mode, bound: boundOf(mode, describePeriod(periodMs)) };
}

function boundOf(mode: FeedMode, period: string): string {
  if (mode === "off") return "changes in Keycloak do not arrive, except sign-outs that Keycloak announces";
  const slow = `within ${period} (RECONCILE_PERIOD_MS)`;
  if (mode === "events") return `within a second of its event, and ${slow} where Keycloak stores none`;
  return `${slow}; deletions and disabled users are noticed by counting, every 5 s`;
}

function describePeriod(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000} min`;
  return `${ms / 1_000} s`;
}

/** Stores the mode. @throws DatabaseError */
export async function storeMode(
  feed: Pick<FeedRepository, "storeEvents">,
  stored: StoredMode,
  now: Date,
): Promise<void> {
  await feed.storeEvents({ source: FEED_MODE, events: [], position: stored }, now);
}

/** @returns `running`: a gateway has stored it within the last minute; null: none ever has. @throws DatabaseError */
export async function readStoredMode(
  feed: Pick<FeedRepository, "readPosition">,
  now: Date,
): Promise<(FeedModeStatus & { running: boolean; unwanted: boolean }) | null> {
  const stored = await feed.readPosition(FEED_MODE);
  const found = schema.safeParse(stored?.position).data;
  if (!stored || !found) return null;
  return {
    ...describeMode(found.mode, found.periodMs),
    unwanted: found.unwanted,
    running: now.getTime() - stored.updatedAt.getTime() < STALE_MS,
  };
}
