import type { SyncRun, SyncRunCounts, SyncRunKind, SyncRunRepository } from "../ports/sync-run-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemorySyncRunRepository implements SyncRunRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async begin(kind: SyncRunKind, now: Date): Promise<SyncRun> {
    const running = await this.findRunning(kind);
    if (running) return running;
    const run = { id: crypto.randomUUID(), kind, position: {}, counts: {}, startedAt: now };
    this.database.syncRuns.set(run.id, { ...run, ended: false });
    return run;
  }

  async findRunning(kind: SyncRunKind): Promise<SyncRun | null> {
    const runs = [...this.database.syncRuns.values()].filter((run) => run.kind === kind && !run.ended);
    const newest = runs.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0];
    if (!newest) return null;
    const { ended: _, ...run } = newest;
    return structuredClone(run);
  }

  async save(id: string, position: unknown, counts: SyncRunCounts): Promise<void> {
    const run = this.database.syncRuns.get(id);
    if (run) Object.assign(run, structuredClone({ position, counts }));
  }

  async finish(id: string): Promise<void> {
    const run = this.database.syncRuns.get(id);
    if (run) run.ended = true;
  }
}
