import { throwMapped } from "@libs/postgres";
import type { LeaseRepository } from "../ports/feed-repository.ts";
import type { PrismaClient } from "./client.ts";

/** `leases` in PostgreSQL. A row outlives its lease, so that its fence only grows. */
export class PrismaLeaseRepository implements LeaseRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async take(name: string, holder: string, ttlMs: number): Promise<bigint | null> {
    // The clock is read after the row is locked: a statement that waited for another's take sees that one's end.
    const rows = await this.prisma.$queryRaw<{ fence: bigint }[]>`
      INSERT INTO leases AS held (name, holder, until)
      VALUES (${name}, ${holder}, clock_timestamp() + ${ttlMs}::int * interval '1 millisecond')
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,
        until = clock_timestamp() + ${ttlMs}::int * interval '1 millisecond',
        fence = CASE WHEN held.holder = excluded.holder AND held.until > clock_timestamp() THEN held.fence
          ELSE held.fence + 1 END
      WHERE held.holder = excluded.holder OR held.until <= clock_timestamp()
      RETURNING fence`.catch(throwMapped);
    return rows[0]?.fence ?? null;
  }

  async release(name: string, holder: string): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE leases SET until = 'epoch' WHERE name = ${name} AND holder = ${holder}`.catch(throwMapped);
  }

  async now(): Promise<Date> {
    const rows = await this.prisma.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`.catch(throwMapped);
    return (rows[0] as { now: Date }).now;
  }
}
