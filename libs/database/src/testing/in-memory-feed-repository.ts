import type {
  ChangeNotice,
  ClaimedNotice,
  EventBatch,
  FeedBacklog,
  FeedRepository,
  NewNotice,
  NoticeSource,
} from "../ports/feed-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryFeedRepository implements FeedRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async addNotices(notices: readonly NewNotice[], now: Date): Promise<void> {
    for (const same of Map.groupBy(notices, keyOf).values()) this.#record(same, now);
  }

  async storeEvents({ source, events, position, lease }: EventBatch, now: Date): Promise<string[] | null> {
    if (lease && this.database.leases.get(lease.name)?.fence !== lease.fence) return null;
    const unseen = new Map(events.map(({ id, notices }) => [id, notices]));
    for (const id of unseen.keys()) {
      if (this.database.seenEvents.has(`${source} ${id}`)) unseen.delete(id);
      else this.database.seenEvents.set(`${source} ${id}`, now);
    }
    await this.addNotices([...unseen.values()].flat(), now);
    if (position !== undefined)
      this.database.cursors.set(source, { position: structuredClone(position), updatedAt: now });
    return [...unseen.keys()];
  }

  async readPosition(source: string): Promise<{ position: unknown; updatedAt: Date } | null> {
    return structuredClone(this.database.cursors.get(source) ?? null);
  }

  async claimDue(now: Date, claimedUntil: Date, limit: number): Promise<ChangeNotice[]> {
    const due = [...this.database.notices.values()]
      .filter(({ deadAt, nextAttemptAt }) => deadAt === null && nextAttemptAt <= now)
      .sort(
        (a, b) =>
          Number(a.source === "full_reconciliation") - Number(b.source === "full_reconciliation") || dueOrder(a, b),
      )
      .slice(0, limit);
    for (const notice of due) notice.nextAttemptAt = claimedUntil;
    return structuredClone(due);
  }

  async complete(notices: readonly ClaimedNotice[], now: Date): Promise<void> {
    for (const claimed of notices) {
      const notice = this.#waiting(claimed.id);
      if (notice?.version === claimed.version) this.database.notices.delete(keyOf(notice));
      else if (notice) notice.createdAt = now;
    }
  }

  async scheduleSecondPass(notices: readonly ClaimedNotice[], at: Date): Promise<void> {
    for (const notice of this.#same(notices))
      Object.assign(notice, { passes: notice.passes + 1, attempts: 0, lastError: null, nextAttemptAt: at });
  }

  async postpone(notices: readonly ClaimedNotice[], error: string, at: Date, countAttempt: boolean): Promise<void> {
    for (const notice of this.#same(notices)) {
      const attempts = notice.attempts + (countAttempt ? 1 : 0);
      Object.assign(notice, { attempts, lastError: error, nextAttemptAt: at });
    }
  }

  async moveToDeadLetters(claimed: ClaimedNotice, error: string, now: Date): Promise<void> {
    for (const notice of this.#same([claimed]))
      Object.assign(notice, { attempts: notice.attempts + 1, lastError: error, deadAt: now });
  }

  async listDead({ limit = 100, after = 0n }: { limit?: number; after?: bigint } = {}): Promise<ChangeNotice[]> {
    const dead = [...this.database.notices.values()].filter(({ id, deadAt }) => deadAt !== null && id > after);
    return structuredClone(dead.sort((a, b) => Number(a.id - b.id)).slice(0, limit));
  }

  async replay(now: Date, ids?: readonly bigint[]): Promise<number> {
    const chosen = [...this.database.notices.values()].filter(
      ({ id, deadAt }) => deadAt !== null && (ids === undefined || ids.includes(id)),
    );
    for (const notice of chosen) Object.assign(notice, { deadAt: null, attempts: 0, passes: 0, nextAttemptAt: now });
    return chosen.length;
  }

  async backlog(): Promise<FeedBacklog> {
    const all = [...this.database.notices.values()];
    const waiting = all.filter(({ deadAt }) => deadAt === null);
    const since = waiting
      .filter(({ passes }) => passes === 0)
      .flatMap(({ changedAt, createdAt }) => [changedAt ?? createdAt, createdAt])
      .map((time) => time.getTime());
    return {
      waiting: waiting.length,
      dead: all.length - waiting.length,
      oldestChangedAt: since.length === 0 ? null : new Date(Math.min(...since)),
    };
  }

  async countPostponed(errors: readonly string[]): Promise<number> {
    const waiting = [...this.database.notices.values()].filter(({ deadAt }) => deadAt === null);
    return waiting.filter(({ lastError }) => lastError !== null && errors.includes(lastError)).length;
  }

  async addNoticesForAllUsers(source: NoticeSource, now: Date, only?: "sessions"): Promise<number> {
    const users = [...this.database.users.values()].filter(({ deletedAt }) => deletedAt === null);
    const live = new Set([...this.database.sessions.values()].filter((row) => !row.endedAt).map((row) => row.userId));
    const notice = { source, changedAt: null };
    await this.addNotices(
      users.flatMap(({ id }) => [
        ...(only === undefined ? [{ ...notice, kind: "user" as const, subject: id }] : []),
        ...(live.has(id) ? [{ ...notice, kind: "sessions" as const, subject: id }] : []),
      ]),
      now,
    );
    return users.length;
  }

  async pruneSeenEvents(before: Date, limit: number): Promise<number> {
    const old = [...this.database.seenEvents].filter(([, seenAt]) => seenAt < before).slice(0, limit);
    for (const [key] of old) this.database.seenEvents.delete(key);
    return old.length;
  }

  /** @param notices of one kind and subject */
  #record(notices: readonly NewNotice[], now: Date): void {
    const { kind, subject } = notices[0] as NewNotice;
    const dueAt = new Date(Math.min(...notices.map(({ notBefore }) => (notBefore ?? now).getTime())));
    // The newest change counts, and of two at the same time the one recorded later.
    const newest = notices.reduce((a, b) => (timeOf(b.changedAt) >= timeOf(a.changedAt) ? b : a));
    const { source, changedAt, keepSession = null } = newest;
    const known = this.database.notices.get(keyOf({ kind, subject }));
    if (!known) {
      this.database.lastNoticeId += 1n;
      const fresh = { version: 1n, passes: 0, attempts: 0, lastError: null, deadAt: null, createdAt: now };
      const notice = {
        id: this.database.lastNoticeId,
        kind,
        subject,
        source,
        changedAt,
        keepSession,
        nextAttemptAt: dueAt,
        ...fresh,
      };
      this.database.notices.set(keyOf(notice), notice);
      return;
    }
    const newer = timeOf(changedAt) >= timeOf(known.changedAt);
    Object.assign(known, {
      version: known.version + 1n,
      passes: 0,
      deadAt: null,
      source: source === "full_reconciliation" && known.deadAt === null ? known.source : source,
      ...(newer ? { changedAt, keepSession } : {}),
      nextAttemptAt: known.deadAt === null && known.nextAttemptAt < dueAt ? known.nextAttemptAt : dueAt,
      createdAt: known.passes === 0 && known.deadAt === null ? known.createdAt : now,
      attempts: known.deadAt === null ? known.attempts : 0,
    });
  }

  #waiting(id: bigint): ChangeNotice | undefined {
    return [...this.database.notices.values()].find((notice) => notice.id === id && notice.deadAt === null);
  }

  #same(notices: readonly ClaimedNotice[]): ChangeNotice[] {
    return notices.flatMap(({ id, version }) => {
      const notice = this.#waiting(id);
      return notice?.version === version ? [notice] : [];
    });
  }
}

function keyOf({ kind, subject }: Pick<NewNotice, "kind" | "subject">): string {
  return `${kind} ${subject}`;
}

function dueOrder(a: ChangeNotice, b: ChangeNotice): number {
  return a.nextAttemptAt.getTime() - b.nextAttemptAt.getTime() || Number(a.id - b.id);
}

function timeOf(time: Date | null): number {
  return time?.getTime() ?? Number.NEGATIVE_INFINITY;
}
