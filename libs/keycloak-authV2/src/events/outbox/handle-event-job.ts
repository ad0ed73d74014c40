import type { DomainEvent, DomainEventType } from "@libs/database";
import { type Logger, waitAtMost } from "@libs/observability";
import type { Job, JobResult } from "pg-boss";
import { type EventJobData, toDomainEvent } from "./event-job.ts";
import { BLOCKED_AFTER_ATTEMPTS, HANDLER_LIMIT_MS } from "./event-queue.ts";
import type { SubscriberMetrics } from "./outbox-metrics.ts";

/**
 * A domain event of one of these types.
 * @see {@link subscribeToEvents}
 */
export type EventOf<Type extends DomainEventType> = Extract<DomainEvent, { type: Type }>;

/**
 * What a handler gets besides the event.
 * @see {@link subscribeToEvents}
 */
export interface EventContext {
  /** Aborted when the process stops, its time (a minute) is over, or another process has the event now. */
  signal: AbortSignal;
  /** Number of the attempt; 1 is the first. */
  attempt: number;
}

/**
 * Returns when the event is handled for good; what it throws has the event come again.
 * @see {@link subscribeToEvents}
 */
export type EventHandler<Type extends DomainEventType = DomainEventType> = (
  event: EventOf<Type>,
  context: EventContext,
) => Promise<void> | void;

interface EventJobDeps<Type extends DomainEventType> {
  subscriber: string;
  /** Empty: all. */
  types: readonly Type[];
  handle: EventHandler<Type>;
  metrics: SubscriberMetrics | undefined;
  logger: Logger;
}

/** @returns what pg-boss is to note: done, or to be tried again, with the failure's code and nothing else */
export async function handleEventJob<Type extends DomainEventType>(
  { subscriber, types, handle, metrics, logger }: EventJobDeps<Type>,
  job: Job<EventJobData>,
): Promise<JobResult> {
  const event = toDomainEvent(job.data);
  const attempt = job.retryCount + 1;
  if (!isWanted(event, types)) return { id: job.id, status: "completed" };
  try {
    await withinLimit(job.signal, (signal) => handle(event, { signal, attempt }));
    metrics?.handled(event.type);
    return { id: job.id, status: "completed" };
  } catch (error) {
    metrics?.failed(event.type);
    const { type, userId, version } = event;
    const about = { err: error, subscriber, type, userId, version: String(version), attempt, job: job.id };
    if (attempt < BLOCKED_AFTER_ATTEMPTS) logger.warn(about, "event not handled: it will be retried");
    else logger.error(about, "event keeps failing, its user's later events wait: fix the handler, or skip the event");
    return { id: job.id, status: "failed", output: { message: failureCode(error) } };
  }
}

/** The queue may hold types that were subscribed to before. */
function isWanted<Type extends DomainEventType>(event: DomainEvent, types: readonly Type[]): event is EventOf<Type> {
  return types.length === 0 || types.some((type) => type === event.type);
}

/** One that hangs must not hold up others for long. */
function withinLimit(stopped: AbortSignal, run: (signal: AbortSignal) => Promise<void> | void): Promise<void> {
  const limit = new AbortController();
  const handled = Promise.try(() => run(AbortSignal.any([stopped, limit.signal])));
  return waitAtMost(handled, HANDLER_LIMIT_MS, () => {
    const error = Object.assign(new Error("the handler takes too long"), { code: "handler.timeout" });
    limit.abort(error);
    throw error;
  });
}

/** A message could carry anything into the database. */
function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { code } = error as { code?: unknown };
  return typeof code === "string" && code.length <= 100 ? code : error.name;
}
