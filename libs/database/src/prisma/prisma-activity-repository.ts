import type { Activity, ActivityRepository, ActivityType } from "../activity-repository.ts";
import type { PrismaClient } from "../client.ts";
import type { Prisma } from "../generated/client.ts";
import { throwMapped } from "./map-prisma-error.ts";

/** `activity_logs` in PostgreSQL. */
export class PrismaActivityRepository implements ActivityRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async append(activity: Omit<Activity, "id">): Promise<void> {
    const { userId, type, at, ipAddress, userAgent } = activity;
    const details = activity.details as Prisma.InputJsonObject;
    await this.prisma.activityLog
      .createMany({ data: [{ userId, type, at, ipAddress, userAgent, details }] })
      .catch(throwMapped);
  }

  async listByUser(userId: string, limit: number): Promise<Activity[]> {
    const rows = await this.prisma.activityLog
      .findMany({ where: { userId }, orderBy: [{ at: "desc" }, { id: "desc" }], take: limit })
      .catch(throwMapped);
    return rows.map((row) => ({
      ...row,
      id: row.id.toString(),
      type: row.type as ActivityType,
      details: row.details as Activity["details"],
    }));
  }
}
