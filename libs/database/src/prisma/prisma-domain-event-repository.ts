import { throwMapped } from "@libs/postgres";
import { COUNTED_AT_MOST } from "../ports/counted-at-most.ts";
import type {
  DomainEvent,
  DomainEventRepository,
  DomainEventType,
  EventSubscription,
  SqlExecutor,
} from "../ports/domain-event.ts";
import type { PrismaClient } from "./client.ts";
import { repeatableTransaction } from "./repeatable-transaction.ts";
import type { Transaction } from "./user-rows.ts";

const TRANSACTION_LIMITS = { maxWait: 2_000, timeout: 10_000 };
/** Any number that nothing else in the database locks. */
const DISPATCH_LOCK = 7_203_518_114;

/** `domain_events` and `event_subscriptions` in PostgreSQL. */
export class PrismaDomainEventRepository implements DomainEventRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async subscribe({ name, types }: EventSubscription, now: Date): Promise<void> {
    await this.prisma.$executeRaw`
      INSERT INTO event_subscriptions (name, types, created_at) VALUES (${name}, ${[...types]}::text[], ${now})
      ON CONFLICT (name) DO UPDATE SET types = excluded.types`.catch(throwMapped);
  }

  async unsubscribe(name: string): Promise<boolean> {
    const removed = await this.prisma.$executeRaw`
      DELETE FROM event_subscriptions WHERE name = ${name}`.catch(throwMapped);
    return removed > 0;
  }

  listSubscriptions(): Promise<EventSubscription[]> {
    return listSubscriptions(this.prisma).catch(throwMapped);
  }

  dispatch(
    limit: number,
    hand: (events: DomainEvent[], subscriptions: EventSubscription[], db: SqlExecutor) => Promise<void>,
  ): Promise<number> {
    const dispatchOnce = async (tx: Transaction) => {
      if (!(await takeDispatchLock(tx))) return 0;
      const events = await takeEvents(tx, limit);
      if (events.length > 0) await hand(events, await listSubscriptions(tx), executorOf(tx));
      return events.length;
    };
    return repeatableTransaction(this.prisma, dispatchOnce, TRANSACTION_LIMITS);
  }

  async countWaiting(): Promise<{ count: number; oldestAt: Date | null }> {
    const [row] = await this.prisma.$queryRaw<{ count: number; oldestAt: Date | null }[]>`
      SELECT count(*)::int AS count, min(at) AS "oldestAt"
      FROM (SELECT at FROM domain_events ORDER BY id LIMIT ${COUNTED_AT_MOST}) AS oldest`.catch(throwMapped);
    return row ?? { count: 0, oldestAt: null };
  }
}

/** One at a time: of two, the second could commit a user's later events first. The lock ends with the transaction. */
async function takeDispatchLock(tx: Transaction): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ taken: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(${DISPATCH_LOCK}::bigint) AS taken`;
  return row?.taken ?? false;
}

/** By id: a user's events got theirs under the row's lock, so in the order of their versions. */
async function takeEvents(tx: Transaction, limit: number): Promise<DomainEvent[]> {
  const rows = await tx.$queryRaw<(DomainEvent & { id: bigint })[]>`
    DELETE FROM domain_events WHERE id = ANY(ARRAY(SELECT id FROM domain_events ORDER BY id LIMIT ${limit}))
    RETURNING id, type, user_id AS "userId", version, at, payload`;
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id: _, ...event }) => event as DomainEvent);
}

async function listSubscriptions(db: Transaction): Promise<EventSubscription[]> {
  const rows = await db.eventSubscription.findMany({ select: { name: true, types: true }, orderBy: { name: "asc" } });
  return rows.map(({ name, types }) => ({ name, types: types as DomainEventType[] }));
}

function executorOf(tx: Transaction): SqlExecutor {
  return { executeSql: async (text, values = []) => ({ rows: await tx.$queryRawUnsafe<unknown[]>(text, ...values) }) };
}
