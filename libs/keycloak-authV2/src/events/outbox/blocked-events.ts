import type { DomainEventType } from "@libs/database";
import type { Db } from "pg-boss";
import type { EventJobData } from "./event-job.ts";
import { BLOCKED_AFTER_ATTEMPTS, eventQueueName } from "./event-queue.ts";

/**
 * An event that keeps failing. It goes on being tried, once a minute at least; later events of its user wait.
 * @see {@link openEventQueues}
 */
export interface BlockedEvent {
  /** The job's id: what an operator retries or skips. */
  id: string;
  subscriber: string;
  userId: string;
  type: DomainEventType;
  version: bigint;
  attempts: number;
  /** The error's code or class, never its message. */
  lastError: string | null;
  nextAttemptAt: Date;
  /** How many later events of this user wait behind it. */
  waiting: number;
}

interface BlockedRow {
  id: string;
  data: EventJobData;
  attempts: number;
  /** Of a process that died: `value`. */
  output: { message?: unknown; value?: { message?: unknown } } | null;
  nextAttemptAt: Date;
  waiting: number;
}

const isBlocked = `j.name = $1 AND j.policy = 'key_strict_fifo' AND j.state IN ('active', 'retry', 'failed')
  AND j.retry_count >= $2`;

/** The longest blocked first. */
export async function listBlocked(db: Db, subscriber: string, limit: number): Promise<BlockedEvent[]> {
  const { rows } = await db.executeSql(
    `SELECT j.id, j.data, j.retry_count + 1 AS attempts, j.output, j.start_after AS "nextAttemptAt",
       (SELECT count(*)::int FROM pgboss.job w WHERE w.name = j.name AND w.singleton_key = j.singleton_key
         AND w.policy = 'key_strict_fifo' AND w.state = 'created' AND NOT w.blocked) AS waiting
     FROM pgboss.job j WHERE ${isBlocked} ORDER BY j.created_on, j.id LIMIT $3`,
    [eventQueueName(subscriber), BLOCKED_AFTER_ATTEMPTS - 1, limit],
  );
  return (rows as BlockedRow[]).map(({ id, data, attempts, output, nextAttemptAt, waiting }) => ({
    id,
    subscriber,
    userId: data.userId,
    type: data.type as DomainEventType,
    version: BigInt(data.version),
    attempts,
    lastError: lastErrorOf(output),
    nextAttemptAt,
    waiting,
  }));
}

function lastErrorOf(output: BlockedRow["output"]): string | null {
  const message = output?.message ?? output?.value?.message;
  return typeof message === "string" ? message : null;
}

export async function countBlocked(db: Db, subscriber: string): Promise<number> {
  const { rows } = await db.executeSql(`SELECT count(*)::int AS count FROM pgboss.job j WHERE ${isBlocked}`, [
    eventQueueName(subscriber),
    BLOCKED_AFTER_ATTEMPTS - 1,
  ]);
  return rows[0]?.count ?? 0;
}
