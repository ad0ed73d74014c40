import type { DomainEvent, DomainEventRepository, EventSubscription, SqlExecutor } from "@libs/database";
import type { Logger } from "@libs/observability";
import type { Secret } from "@libs/observability/secrets";
import type { PgBoss } from "pg-boss";
import type { Sweep } from "../../workers/sweep.ts";
import { createEventBoss } from "./event-boss.ts";
import { toEventJob } from "./event-job.ts";
import { EVENT_QUEUE, eventQueueName } from "./event-queue.ts";
import type { OutboxMetrics } from "./outbox-metrics.ts";

/**
 * What {@link createOutboxSweep} needs.
 * @see {@link createOutboxSweep}
 */
export interface OutboxDeps {
  domainEvents: Pick<DomainEventRepository, "dispatch" | "countWaiting">;
  databaseDirectUrl: Secret;
  metrics: OutboxMetrics;
  logger: Logger;
  now: () => Date;
}

/** Small enough for the transaction to be over in a fraction of its limit. */
const BATCH = 200;
const INTERVAL_MS = 500;
const STOP_LIMIT_MS = 1_000;

/**
 * Moves domain events from the outbox into one queue for each subscriber, in the transaction that takes them out, so that
 * none is lost and none is doubled. Opens no connection of its own while nobody subscribes.
 * @param deps `domainEvents` is of `createRepositories`
 * @returns for {@link startSweeps}
 * @example
 * ```ts
 * import { createRepositories, PrismaClient } from "@libs/database";
 * import {
 *   createOutboxMetrics,
 *   createOutboxSweep,
 *   type OutboxDeps,
 *   type OutboxMetrics,
 * } from "@libs/keycloak-authV2/events";
 * import { silentLogger } from "@libs/observability";
 * import { Registry } from "prom-client";
 *
 * const metrics: OutboxMetrics = createOutboxMetrics(new Registry());
 * const deps: OutboxDeps = {
 *   domainEvents: createRepositories(new PrismaClient()).domainEvents,
 *   databaseDirectUrl: () => process.env.DATABASE_DIRECT_URL ?? "",
 *   metrics,
 *   logger: silentLogger,
 *   now: () => new Date(),
 * };
 * export const sweep = createOutboxSweep(deps);
 * ```
 */
export function createOutboxSweep(deps: OutboxDeps): Sweep {
  const { domainEvents, metrics, now } = deps;
  const queues = new EventQueueWriter(deps.databaseDirectUrl, deps.logger);
  return {
    name: "outbox",
    intervalMs: INTERVAL_MS,
    local: true,
    run: async () => {
      // One cheap check, instead of a transaction every time.
      const { count, oldestAt } = await domainEvents.countWaiting();
      metrics.waiting(count, oldestAt ? (now().getTime() - oldestAt.getTime()) / 1000 : 0);
      if (count === 0) return 0;
      const dispatched = await domainEvents.dispatch(BATCH, (events, subscriptions, db) =>
        queues.put(events, subscriptions, db),
      );
      if (dispatched > 0) metrics.dispatched(dispatched);
      return dispatched;
    },
    close: () => queues.stop(),
  };
}

class EventQueueWriter {
  #boss: Promise<PgBoss> | undefined;
  readonly #known = new Set<string>();

  constructor(
    private readonly databaseDirectUrl: Secret,
    private readonly logger: Logger,
  ) {}

  async put(
    events: readonly DomainEvent[],
    subscriptions: readonly EventSubscription[],
    db: SqlExecutor,
  ): Promise<void> {
    const wanted = subscriptions.map(({ name, types }) => {
      const queue = eventQueueName(name);
      return { queue, events: events.filter(({ type }) => types.length === 0 || types.includes(type)) };
    });
    const used = wanted.filter((each) => each.events.length > 0);
    if (used.length === 0) return;
    const boss = await this.#started();
    try {
      for (const { queue } of used) await this.#create(boss, queue);
      const users = [...new Set(events.map(({ userId }) => userId))];
      const names = used.map(({ queue }) => queue);
      await putBefore(names, users, db);
      for (const each of used) await insert(boss, each.queue, each.events, db);
    } catch (error) {
      // The queue of somebody who has unsubscribed may be gone.
      this.#known.clear();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const boss = await this.#boss?.catch(() => undefined);
    this.#boss = undefined;
    await boss?.stop({ graceful: true, timeout: STOP_LIMIT_MS, close: true }).catch(() => {});
  }

  #started(): Promise<PgBoss> {
    this.#boss ??= this.#start().catch((error) => {
      this.#boss = undefined;
      throw error;
    });
    return this.#boss;
  }

  async #start(): Promise<PgBoss> {
    const { databaseDirectUrl, logger } = this;
    const boss = createEventBoss({
      databaseDirectUrl,
      logger,
      applicationName: "keycloak-sync-gateway-outbox",
      connections: 1,
      works: false,
    });
    return await boss.start();
  }

  async #create(boss: PgBoss, queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    await boss.createQueue(queue, EVENT_QUEUE);
    this.#known.add(queue);
  }
}

/**
 * pg-boss orders by the start of the inserting transaction. What waits with a later one, because two dispatchers began in
 * the other order or the server's clock was set back, becomes as old as what is put behind it: then the id decides.
 */
async function putBefore(queues: string[], users: string[], db: SqlExecutor): Promise<void> {
  await db.executeSql(
    `UPDATE pgboss.job SET created_on = pgboss.job_now()
     WHERE name = ANY($1::text[]) AND singleton_key = ANY($2::text[]) AND policy = 'key_strict_fifo'
       AND state < 'active' AND NOT blocked AND created_on > pgboss.job_now()`,
    [queues, users],
  );
}

async function insert(boss: PgBoss, queue: string, events: readonly DomainEvent[], db: SqlExecutor): Promise<void> {
  const ids = await boss.insert(queue, events.map(toEventJob), { db, returnId: true });
  if (ids?.length !== events.length) throw new Error(`event queue ${queue} did not take every event`);
}
