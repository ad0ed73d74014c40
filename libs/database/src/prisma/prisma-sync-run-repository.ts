import { throwMapped } from "@libs/postgres";
import type { Prisma, SyncRun as Row } from "../generated/client.ts";
import type { SyncRun, SyncRunCounts, SyncRunKind, SyncRunRepository } from "../ports/sync-run-repository.ts";
import type { PrismaClient } from "./client.ts";
import { fromStored, toStored } from "./stored-full-reconciliation.ts";

/** `sync_runs` in PostgreSQL. */
export class PrismaSyncRunRepository implements SyncRunRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async begin(kind: SyncRunKind, now: Date): Promise<SyncRun> {
    const running = await this.findRunning(kind);
    if (running) return running;
    const data = { kind: toStored(kind), startedAt: now, updatedAt: now };
    return toRun(await this.prisma.syncRun.create({ data }).catch(throwMapped));
  }

  async findRunning(kind: SyncRunKind): Promise<SyncRun | null> {
    const row = await this.prisma.syncRun
      .findFirst({ where: { kind: toStored(kind), state: "running" }, orderBy: { startedAt: "desc" } })
      .catch(throwMapped);
    return row && toRun(row);
  }

  async save(id: string, position: unknown, counts: SyncRunCounts, now: Date): Promise<void> {
    const data = { position: position as Prisma.InputJsonValue, counts, updatedAt: now };
    await this.prisma.syncRun.updateMany({ where: { id }, data }).catch(throwMapped);
  }

  async finish(id: string, error: string | null, now: Date): Promise<void> {
    const data = { state: error === null ? "finished" : "failed", lastError: error, finishedAt: now, updatedAt: now };
    await this.prisma.syncRun.updateMany({ where: { id, state: "running" }, data }).catch(throwMapped);
  }
}

function toRun({ id, kind, position, counts, startedAt }: Row): SyncRun {
  return { id, kind: fromStored(kind) as SyncRunKind, position, counts: counts as SyncRunCounts, startedAt };
}
