import { throwMapped } from "@libs/database";
import { type Logger, silentLogger } from "@libs/observability";
import type { Secret } from "@libs/observability/secrets";
import { type BlockedEvent, listBlocked } from "./blocked-events.ts";
import { demandSession } from "./demand-session.ts";
import { createEventBoss } from "./event-boss.ts";
import { eventQueueName } from "./event-queue.ts";
import { withDomainEvents } from "./open-domain-events.ts";

/**
 * What an operator may do with the events of subscribers.
 * @see {@link openEventQueues}
 */
export interface EventQueues {
  subscribers(): Promise<string[]>;
  /** Events that keep failing, the oldest first. @param limit 100 when left out */
  listBlocked(subscriber: string, limit?: number): Promise<BlockedEvent[]>;
  /** Has a failed event tried now, not after its pause. @returns whether it was waiting */
  retry(subscriber: string, id: string): Promise<boolean>;
  /** Gives an event up for good: the subscriber never handles it, later ones of its user go on. @returns whether it was there */
  skip(subscriber: string, id: string): Promise<boolean>;
  /** Ends a subscription and forgets its events. Its processes are to be stopped before. @returns whether there was one */
  unsubscribe(subscriber: string): Promise<boolean>;
  close(): Promise<void>;
}

const STOP_LIMIT_MS = 2_000;

/**
 * Opens the queues of all subscribers, for an operator. Close it.
 * @param options.databaseDirectUrl for background work: not through a pooler in transaction mode; `databaseUrl` when left out
 * @throws DatabaseError when the database is away, as each of its calls does; SetupError when a pooler in transaction mode
 *   answers for `databaseDirectUrl`
 * @example
 * ```ts
 * import {
 *   BLOCKED_AFTER_ATTEMPTS,
 *   type BlockedEvent,
 *   type EventQueues,
 *   openEventQueues,
 * } from "@libs/keycloak-authV2/events";
 *
 * const queues: EventQueues = await openEventQueues({ databaseUrl: () => process.env.DATABASE_URL ?? "" });
 * for (const subscriber of await queues.subscribers()) {
 *   const blocked: BlockedEvent[] = await queues.listBlocked(subscriber, 20);
 *   for (const { id, attempts } of blocked) if (attempts > 2 * BLOCKED_AFTER_ATTEMPTS) await queues.skip(subscriber, id);
 * }
 * await queues.close();
 * ```
 */
export async function openEventQueues(options: {
  databaseUrl: Secret;
  databaseDirectUrl?: Secret;
  logger?: Logger;
}): Promise<EventQueues> {
  const { databaseUrl, databaseDirectUrl = databaseUrl, logger = silentLogger } = options;
  await demandSession(databaseDirectUrl);
  const boss = createEventBoss({
    databaseDirectUrl,
    logger,
    applicationName: "event-queues",
    connections: 1,
    works: false,
  });
  await boss.start().catch(throwMapped);
  return {
    subscribers: () =>
      withDomainEvents(databaseUrl, async (events) => (await events.listSubscriptions()).map(({ name }) => name)),
    listBlocked: (subscriber, limit = 100) => listBlocked(boss.getDb(), subscriber, limit).catch(throwMapped),
    retry: async (subscriber, id) => {
      const queue = eventQueueName(subscriber);
      const { jobs } = await boss.update(queue, undefined, { id, startAfter: new Date() }).catch(throwMapped);
      return jobs.length > 0;
    },
    skip: async (subscriber, id) => {
      const queue = eventQueueName(subscriber);
      const [job] = await boss.findJobs(queue, { id }).catch(throwMapped);
      await boss.deleteJob(queue, id).catch(throwMapped);
      return job !== undefined;
    },
    unsubscribe: async (subscriber) => {
      const queue = eventQueueName(subscriber);
      const existed = await withDomainEvents(databaseUrl, (events) => events.unsubscribe(subscriber));
      await boss.deleteQueue(queue).catch(throwMapped);
      return existed;
    },
    close: () => boss.stop({ graceful: false, timeout: STOP_LIMIT_MS, close: true }),
  };
}
