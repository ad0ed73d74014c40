import type {
  ClaimedHint,
  EventBatch,
  FeedBacklog,
  FeedRepository,
  Hint,
  HintSource,
  NewHint,
} from "../ports/feed-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryFeedRepository implements FeedRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async addHints(hints: readonly NewHint[], now: Date): Promise<void> {
    for (const same of Map.groupBy(hints, keyOf).values()) this.#tell(same, now);
  }

  async storeEvents({ source, events, position, lease }: EventBatch, now: Date): Promise<string[] | null> {
    if (lease && this.database.leases.get(lease.name)?.fence !== lease.fence) return null;
    const unseen = new Map(events.map(({ id, hints }) => [id, hints]));
    for (const id of unseen.keys()) {
      if (this.database.seenEvents.has(`${source} ${id}`)) unseen.delete(id);
      else this.database.seenEvents.set(`${source} ${id}`, now);
    }
    await this.addHints([...unseen.values()].flat(), now);
    if (position !== undefined)
      this.database.cursors.set(source, { position: structuredClone(position), updatedAt: now });
    return [...unseen.keys()];
  }

  async readPosition(source: string): Promise<{ position: unknown; updatedAt: Date } | null> {
    return structuredClone(this.database.cursors.get(source) ?? null);
  }

  async claimDue(now: Date, claimedUntil: Date, limit: number): Promise<Hint[]> {
    const due = [...this.database.hints.values()]
      .filter(({ deadAt, nextAttemptAt }) => deadAt === null && nextAttemptAt <= now)
      .sort((a, b) => Number(a.source === "full_look") - Number(b.source === "full_look") || dueOrder(a, b))
      .slice(0, limit);
    for (const hint of due) hint.nextAttemptAt = claimedUntil;
    return structuredClone(due);
  }

  async complete(hints: readonly ClaimedHint[], now: Date): Promise<void> {
    for (const claimed of hints) {
      const hint = this.#waiting(claimed.id);
      if (hint?.version === claimed.version) this.database.hints.delete(keyOf(hint));
      else if (hint) hint.createdAt = now;
    }
  }

  async lookAgain(hints: readonly ClaimedHint[], at: Date): Promise<void> {
    for (const hint of this.#same(hints))
      Object.assign(hint, { looks: hint.looks + 1, attempts: 0, lastError: null, nextAttemptAt: at });
  }

  async postpone(hints: readonly ClaimedHint[], error: string, at: Date, countAttempt: boolean): Promise<void> {
    for (const hint of this.#same(hints)) {
      const attempts = hint.attempts + (countAttempt ? 1 : 0);
      Object.assign(hint, { attempts, lastError: error, nextAttemptAt: at });
    }
  }

  async moveToDeadLetters(claimed: ClaimedHint, error: string, now: Date): Promise<void> {
    for (const hint of this.#same([claimed]))
      Object.assign(hint, { attempts: hint.attempts + 1, lastError: error, deadAt: now });
  }

  async listDead({ limit = 100, after = 0n }: { limit?: number; after?: bigint } = {}): Promise<Hint[]> {
    const dead = [...this.database.hints.values()].filter(({ id, deadAt }) => deadAt !== null && id > after);
    return structuredClone(dead.sort((a, b) => Number(a.id - b.id)).slice(0, limit));
  }

  async replay(now: Date, ids?: readonly bigint[]): Promise<number> {
    const chosen = [...this.database.hints.values()].filter(
      ({ id, deadAt }) => deadAt !== null && (ids === undefined || ids.includes(id)),
    );
    for (const hint of chosen) Object.assign(hint, { deadAt: null, attempts: 0, looks: 0, nextAttemptAt: now });
    return chosen.length;
  }

  async backlog(): Promise<FeedBacklog> {
    const all = [...this.database.hints.values()];
    const waiting = all.filter(({ deadAt }) => deadAt === null);
    const since = waiting
      .filter(({ looks }) => looks === 0)
      .flatMap(({ changedAt, createdAt }) => [changedAt ?? createdAt, createdAt])
      .map((time) => time.getTime());
    return {
      waiting: waiting.length,
      dead: all.length - waiting.length,
      oldestChangedAt: since.length === 0 ? null : new Date(Math.min(...since)),
    };
  }

  async countPostponed(errors: readonly string[]): Promise<number> {
    const waiting = [...this.database.hints.values()].filter(({ deadAt }) => deadAt === null);
    return waiting.filter(({ lastError }) => lastError !== null && errors.includes(lastError)).length;
  }

  async hintAllUsers(source: HintSource, now: Date, only?: "sessions"): Promise<number> {
    const users = [...this.database.users.values()].filter(({ deletedAt }) => deletedAt === null);
    const live = new Set([...this.database.sessions.values()].filter((row) => !row.endedAt).map((row) => row.userId));
    const hint = { source, changedAt: null };
    await this.addHints(
      users.flatMap(({ id }) => [
        ...(only === undefined ? [{ ...hint, kind: "user" as const, subject: id }] : []),
        ...(live.has(id) ? [{ ...hint, kind: "sessions" as const, subject: id }] : []),
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

  /** @param hints of one kind and subject */
  #tell(hints: readonly NewHint[], now: Date): void {
    const { kind, subject } = hints[0] as NewHint;
    const dueAt = new Date(Math.min(...hints.map(({ notBefore }) => (notBefore ?? now).getTime())));
    // The newest change counts, and of two at the same time the one told later.
    const newest = hints.reduce((a, b) => (timeOf(b.changedAt) >= timeOf(a.changedAt) ? b : a));
    const { source, changedAt, keepSession = null } = newest;
    const known = this.database.hints.get(keyOf({ kind, subject }));
    if (!known) {
      this.database.lastHintId += 1n;
      const fresh = { version: 1n, looks: 0, attempts: 0, lastError: null, deadAt: null, createdAt: now };
      const hint = {
        id: this.database.lastHintId,
        kind,
        subject,
        source,
        changedAt,
        keepSession,
        nextAttemptAt: dueAt,
        ...fresh,
      };
      this.database.hints.set(keyOf(hint), hint);
      return;
    }
    const newer = timeOf(changedAt) >= timeOf(known.changedAt);
    Object.assign(known, {
      ...{ version: known.version + 1n, looks: 0, deadAt: null },
      source: source === "full_look" && known.deadAt === null ? known.source : source,
      ...(newer ? { changedAt, keepSession } : {}),
      nextAttemptAt: known.deadAt === null && known.nextAttemptAt < dueAt ? known.nextAttemptAt : dueAt,
      createdAt: known.looks === 0 && known.deadAt === null ? known.createdAt : now,
      attempts: known.deadAt === null ? known.attempts : 0,
    });
  }

  #waiting(id: bigint): Hint | undefined {
    return [...this.database.hints.values()].find((hint) => hint.id === id && hint.deadAt === null);
  }

  #same(hints: readonly ClaimedHint[]): Hint[] {
    return hints.flatMap(({ id, version }) => {
      const hint = this.#waiting(id);
      return hint?.version === version ? [hint] : [];
    });
  }
}

function keyOf({ kind, subject }: Pick<NewHint, "kind" | "subject">): string {
  return `${kind} ${subject}`;
}

function dueOrder(a: Hint, b: Hint): number {
  return a.nextAttemptAt.getTime() - b.nextAttemptAt.getTime() || Number(a.id - b.id);
}

function timeOf(time: Date | null): number {
  return time?.getTime() ?? Number.NEGATIVE_INFINITY;
}
