import { throwMapped } from "@libs/postgres";
import type { Prisma } from "../generated/client.ts";
import type {
  Activity,
  ActivityPosition,
  ActivityRepository,
  ActivityType,
  FailedLogin,
} from "../ports/activity-repository.ts";
import type { PrismaClient } from "./client.ts";

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

  async appendFailedLogin({ name, reason, at, ipAddress, userAgent }: FailedLogin): Promise<void> {
    await this.prisma.$executeRaw`
      INSERT INTO activity_logs (user_id, type, at, ip_address, user_agent, details)
      SELECT (
          SELECT id FROM users
          WHERE deleted_at IS NULL AND (lower(username) = lower(${name}) OR lower(email) = lower(${name}))
          ORDER BY lower(username) = lower(${name}) DESC LIMIT 1),
        'login.failed', ${at}::timestamptz, ${ipAddress}::text, ${userAgent}::text,
        jsonb_build_object('reason', ${reason}::text)`.catch(throwMapped);
  }

  async listByUser(userId: string, limit: number, before?: ActivityPosition): Promise<Activity[]> {
    const older = before && {
      OR: [{ at: { lt: before.at } }, { at: before.at, id: { lt: BigInt(before.id) } }],
      // For the index: without it every row since the first is read.
      at: { lte: before.at },
    };
    const rows = await this.prisma.activityLog
      .findMany({ where: { userId, ...older }, orderBy: [{ at: "desc" }, { id: "desc" }], take: limit })
      .catch(throwMapped);
    return rows.map((row) => ({
      ...row,
      id: row.id.toString(),
      type: row.type as ActivityType,
      details: row.details as Activity["details"],
    }));
  }
}
