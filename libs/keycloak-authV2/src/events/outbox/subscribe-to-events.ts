import { type DomainEventType, mapDatabaseError } from "@libs/database";
import { type Logger, silentLogger } from "@libs/observability";
import type { Secret } from "@libs/observability/secrets";
import type { Job, PgBoss } from "pg-boss";
import type { Registry } from "prom-client";
import { countBlocked } from "./blocked-events.ts";
import { demandSession } from "./demand-session.ts";
import { createEventBoss } from "./event-boss.ts";
import type { EventJobData } from "./event-job.ts";
import { EVENT_QUEUE, eventQueueName } from "./event-queue.ts";
import { type EventHandler, handleEventJob } from "./handle-event-job.ts";
import { withDomainEvents } from "./open-domain-events.ts";
import { createSubscriberMetrics } from "./outbox-metrics.ts";
import { workInBatches } from "./work-in-batches.ts";

/**
 * What {@link subscribeToEvents} handles, and how.
 * @see {@link subscribeToEvents}
 */
export interface SubscribeOptions<Type extends DomainEventType = DomainEventType> {
  /** The database of the gateway. */
  databaseUrl: Secret;
  /** The same, directly or through a pooler in session mode: events come by LISTEN. Default: `databaseUrl`. */
  databaseDirectUrl?: Secret;
  /**
   * What the subscriber is known by: processes of one name share its events. 1 to 40 lower-case letters, digits, `-`
   * and `_`.
   */
  name: string;
  /** Default: all. A change counts from now on. */
  types?: readonly Type[];
  handle: EventHandler<Type>;
  /** How many users' events this process handles side by side; 40 when left out. */
  concurrency?: number;
  /** For how long the start is tried while the database, or its tables, are not there yet. Milliseconds; 60,000. */
  startLimitMs?: number;
  logger?: Logger;
  metrics?: Registry;
}

/**
 * A process's subscription.
 * @see {@link subscribeToEvents}
 */
export interface EventSubscriber {
  /** Waits for what is being handled, 10 seconds at most. The subscription stays, and so do its events. */
  stop(): Promise<void>;
}

const CONCURRENCY = 40;
const CONNECTIONS = 4;
const STOP_LIMIT_MS = 10_000;
const START_LIMIT_MS = 60_000;
const RESTART_AFTER_MS = 1_000;

/**
 * Calls `handle` with what happens to users and sessions: at least once, and for each user in order (`event.version`
 * grows; one that is not higher than the last has been here before). It gets what happens after the first subscription,
 * also what happens while no process of this name runs, for a year.
 *
 * A handler that throws gets the event again, after 1 second at first, after 60 at most, until it succeeds or an operator
 * skips it (see `openEventQueues`); one that takes longer than a minute has failed. Meanwhile later events of this user wait, those of others do not. The event of a
 * process that died comes to another one within 20 seconds; that of one that hangs too, so that both may handle it.
 *
 * @param options times in milliseconds
 * @throws DatabaseError when the database is not there within `startLimitMs`
 * @throws SetupError `events.subscriber_invalid` when the name is not allowed, `setup.invalid` when `databaseDirectUrl` leads to a pooler in transaction mode
 * @example
 * ```ts
 * import {
 *   type EventContext,
 *   type EventHandler,
 *   type EventOf,
 *   type EventSubscriber,
 *   type SubscribeOptions,
 *   subscribeToEvents,
 * } from "@libs/keycloak-authV2/events";
 *
 * type Handled = "user.registered" | "user.deleted";
 *
 * const welcome = async ({ payload }: EventOf<"user.registered">, { signal }: EventContext) => {
 *   await fetch("https://mail.example.com/welcome", { method: "POST", body: payload.email, signal });
 * };
 * const handle: EventHandler<Handled> = async (event, context) => {
 *   if (event.type === "user.registered") await welcome(event, context);
 * };
 * const options: SubscribeOptions<Handled> = {
 *   databaseUrl: () => process.env.DATABASE_URL ?? "",
 *   name: "newsletter",
 *   types: ["user.registered", "user.deleted"],
 *   handle,
 * };
 * const subscriber: EventSubscriber = await subscribeToEvents(options);
 * process.once("SIGTERM", () => subscriber.stop());
 * ```
 */
export async function subscribeToEvents<const Type extends DomainEventType = DomainEventType>(
  options: SubscribeOptions<Type>,
): Promise<EventSubscriber> {
  const { logger = silentLogger, startLimitMs = START_LIMIT_MS, name } = options;
  const queue = eventQueueName(name);
  const databaseDirectUrl = options.databaseDirectUrl ?? options.databaseUrl;
  await demandSession(databaseDirectUrl);
  const giveUpAt = Date.now() + startLimitMs;
  for (;;) {
    const concurrency = options.concurrency ?? CONCURRENCY;
    const boss = createEventBoss({
      databaseDirectUrl,
      logger,
      applicationName: queue,
      connections: CONNECTIONS,
      works: true,
    });
    const stop = () => boss.stop({ graceful: true, timeout: STOP_LIMIT_MS, close: true });
    try {
      await boss.start();
      await subscribe(boss, queue, options);
      await startWorkers(boss, queue, concurrency, logger, options);
      return { stop };
    } catch (error) {
      await stop().catch(() => {});
      if (Date.now() + RESTART_AFTER_MS > giveUpAt) throw mapDatabaseError(error);
      logger.warn({ err: error, subscriber: name }, "subscription to events could not be started yet");
      await Bun.sleep(RESTART_AFTER_MS);
    }
  }
}

/** The queue first: from the moment of the subscription events are put into it. */
async function subscribe<Type extends DomainEventType>(
  boss: PgBoss,
  queue: string,
  { databaseUrl, name, types = [] }: SubscribeOptions<Type>,
): Promise<void> {
  await boss.createQueue(queue, EVENT_QUEUE);
  // One that an older version made keeps its policy, and takes the rest.
  const { policy: _, ...settings } = EVENT_QUEUE;
  await boss.updateQueue(queue, settings);
  await withDomainEvents(databaseUrl, (events) => events.subscribe({ name, types }, new Date()));
}

async function startWorkers<Type extends DomainEventType>(
  boss: PgBoss,
  queue: string,
  concurrency: number,
  logger: Logger,
  { name, types = [], handle, metrics: registry }: SubscribeOptions<Type>,
): Promise<void> {
  const metrics = registry && createSubscriberMetrics(registry, name, () => countBlocked(boss.getDb(), name));
  const deps = { subscriber: name, types, handle, metrics, logger };
  const handleOne = (job: Job<EventJobData>) => handleEventJob(deps, job);
  await workInBatches(boss, queue, concurrency, handleOne);
}
