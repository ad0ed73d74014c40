import type { ScanFailure, ScanPage, ScanRepository, ScanRun, SessionOfUser } from "../ports/scan-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

type StoredRun = Omit<ScanRun, "state"> & { state: ScanRun["state"] | "finished" };

/** Passes the contract of the real one. */
export class InMemoryScanRepository implements ScanRepository {
  readonly #runs: StoredRun[] = [];
  readonly #failures = new Map<string, Map<string, string>>();
  readonly #seen = new Map<string, Set<string>>();

  constructor(private readonly database: InMemoryDatabase) {}

  async begin(position: unknown, counts: unknown, now: Date): Promise<ScanRun> {
    const run = {
      id: crypto.randomUUID(),
      state: "running" as const,
      position,
      counts,
      startedAt: now,
      updatedAt: now,
    };
    this.#runs.push(structuredClone(run));
    return run;
  }

  async findUnfinished(): Promise<ScanRun | null> {
    const newest = this.#runs.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0];
    if (!newest || newest.state === "finished") return null;
    return structuredClone({ ...newest, state: newest.state });
  }

  async resume(runId: string, now: Date): Promise<void> {
    this.#change(runId, { state: "running", updatedAt: now });
  }

  async finishPage({ runId, seen, position, counts, now, lease }: ScanPage): Promise<boolean> {
    if (this.database.leases.get(lease.name)?.fence !== lease.fence) return false;
    await this.markSeen(runId, seen);
    this.#change(runId, { position, counts, updatedAt: now });
    return true;
  }

  async end(runId: string, state: StoredRun["state"], _error: string | null, now: Date): Promise<void> {
    this.#change(runId, { state, updatedAt: now });
  }

  async recordFailures(runId: string, failures: readonly ScanFailure[]): Promise<void> {
    const known = this.#failures.get(runId) ?? new Map();
    this.#failures.set(runId, known);
    for (const { userId, error } of failures) known.set(userId, error);
  }

  async listFailures(runId: string, after: string, limit: number): Promise<ScanFailure[]> {
    const failures = [...(this.#failures.get(runId) ?? [])].map(([userId, error]) => ({ userId, error }));
    return failures
      .filter(({ userId }) => userId > after)
      .sort((a, b) => (a.userId < b.userId ? -1 : 1))
      .slice(0, limit);
  }

  async resolveFailuresBefore(): Promise<void> {}

  async markSeen(runId: string, ids: readonly string[]): Promise<void> {
    const seen = this.#seen.get(runId) ?? new Set();
    this.#seen.set(runId, seen);
    for (const id of ids) seen.add(id);
  }

  async countUnseen(runId: string): Promise<{ unseen: number; live: number }> {
    const live = [...this.database.users.values()].filter(({ deletedAt }) => !deletedAt);
    return { live: live.length, unseen: live.filter(({ id }) => !this.#seen.get(runId)?.has(id)).length };
  }

  async listUnseen(runId: string, after: string, limit: number): Promise<{ id: string; username: string }[]> {
    return [...this.database.users.values()]
      .filter(({ id, deletedAt }) => id > after && !deletedAt && !this.#seen.get(runId)?.has(id))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(({ id, username }) => ({ id, username }));
  }

  async forgetSeen(except: string | null): Promise<void> {
    for (const runId of this.#seen.keys()) if (runId !== except) this.#seen.delete(runId);
  }

  async forgetSeenBy(runId: string): Promise<void> {
    this.#seen.delete(runId);
  }

  async findSignedIn(ids: readonly string[]): Promise<string[]> {
    return this.#signedIn().filter((id) => ids.includes(id));
  }

  async countSignedIn(): Promise<number> {
    return this.#signedIn().length;
  }

  async listLiveSessions(after: string, users: number): Promise<SessionOfUser[]> {
    const next = this.#signedIn()
      .filter((id) => id > after)
      .slice(0, users);
    return [...this.database.sessions.values()]
      .filter((session) => !session.endedAt && next.includes(session.userId))
      .sort((a, b) => (`${a.userId} ${a.sessionId}` < `${b.userId} ${b.sessionId}` ? -1 : 1))
      .map(({ sessionId, userId, keycloakSessionId, refreshExpiresAt, startedAt, offline, keptAsOf }) => ({
        sessionId,
        userId,
        keycloakSessionId,
        refreshExpiresAt,
        startedAt,
        offline,
        keptAsOf,
        username: this.database.users.get(userId)?.username ?? "",
      }));
  }

  #signedIn(): string[] {
    const live = [...this.database.sessions.values()].filter(({ endedAt }) => !endedAt);
    return [...new Set(live.map(({ userId }) => userId))].sort();
  }

  #change(runId: string, change: Partial<StoredRun>): void {
    const run = this.#runs.find(({ id }) => id === runId);
    if (run) Object.assign(run, structuredClone(change));
  }
}
