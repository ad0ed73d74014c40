import { SetupError } from "@libs/problems";
import type { Queue } from "pg-boss";

/**
 * After so many failed attempts an event counts as blocked: about five minutes. It goes on being tried.
 * @see {@link openEventQueues}
 */
export const BLOCKED_AFTER_ATTEMPTS = 10;
/** The longest pause between two attempts, in seconds. */
const LONGEST_PAUSE_S = 60;
/** How long a handler may take, in milliseconds. */
export const HANDLER_LIMIT_MS = 60_000;
/** When pg-boss itself gives up on events that were taken together, in seconds: after every handler's limit. */
const TAKEN_LIMIT_S = 120;
/** A process that died is noticed after this, in seconds; the least that pg-boss allows. */
const HEARTBEAT_S = 10;
/** A subscriber that is away keeps its events for this long, in seconds. */
const RETENTION_S = 365 * 24 * 60 * 60;
const HANDLED_KEPT_S = 60;

/**
 * Strictly in order for each user, at least once. An attempt that fails is repeated until it succeeds or an operator
 * skips the event: pg-boss would forget one that failed for good, and let those behind it pass.
 */
export const EVENT_QUEUE = {
  policy: "key_strict_fifo",
  notify: true,
  retryLimit: 1_000_000_000,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: LONGEST_PAUSE_S,
  expireInSeconds: TAKEN_LIMIT_S,
  heartbeatSeconds: HEARTBEAT_S,
  retentionSeconds: RETENTION_S,
  deleteAfterSeconds: HANDLED_KEPT_S,
  warningQueueSize: 100_000,
} satisfies Omit<Queue, "name">;

const SUBSCRIBER_NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;

/**
 * The pg-boss queue of a subscriber.
 * @throws SetupError `events.subscriber_invalid` when the name is not of 1 to 40 lower-case letters, digits, `-` and `_`
 */
export function eventQueueName(subscriber: string): string {
  if (!SUBSCRIBER_NAME.test(subscriber)) {
    throw new SetupError(
      "events.subscriber_invalid",
      "a subscriber's name has 1 to 40 lower-case letters, digits, '-' and '_'",
    );
  }
  return `events-${subscriber}`;
}
