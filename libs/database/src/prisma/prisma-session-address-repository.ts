import { throwMapped } from "@libs/postgres";
import type { SessionAddress, SessionAddressRepository } from "../ports/session-address-repository.ts";
import type { PrismaClient } from "./client.ts";

/** `sessions` in PostgreSQL, by the index of live ones: its rows are counted before any is filtered out. */
export class PrismaSessionAddressRepository implements SessionAddressRepository {
  constructor(private readonly prisma: PrismaClient) {}

  sample(from: string, limit: number, since: Date): Promise<SessionAddress[]> {
    return this.prisma.$queryRaw<SessionAddress[]>`
      SELECT user_id AS "userId", ip_address AS "ipAddress"
      FROM (
        SELECT * FROM (
          (SELECT user_id, ip_address, started_at, 1 AS part FROM sessions
            WHERE ended_at IS NULL AND user_id >= ${from} ORDER BY user_id LIMIT ${limit})
          UNION ALL
          (SELECT user_id, ip_address, started_at, 2 AS part FROM sessions
            WHERE ended_at IS NULL AND user_id < ${from} ORDER BY user_id LIMIT ${limit})
        ) AS both_parts
        ORDER BY part, user_id LIMIT ${limit}
      ) AS live
      WHERE ip_address IS NOT NULL AND started_at >= ${since}`.catch(throwMapped);
  }
}
