import { throwMapped } from "@libs/postgres";
import type { BusinessRepository } from "../ports/business-repository.ts";
import type { PrismaClient } from "./client.ts";

/** `stores` and `organizations` in PostgreSQL. */
export class PrismaBusinessRepository implements BusinessRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async knows(reference: {
    storeId?: string | null;
    organizationId?: string | null;
  }): Promise<{ store: boolean; organization: boolean }> {
    const { storeId = null, organizationId = null } = reference;
    if (storeId === null && organizationId === null) return { store: true, organization: true };
    const rows = await this.prisma.$queryRaw<{ store: boolean; organization: boolean }[]>`
      SELECT ${storeId}::text IS NULL OR EXISTS (SELECT 1 FROM stores WHERE id = ${storeId}) AS store,
        ${organizationId}::text IS NULL OR EXISTS (SELECT 1 FROM organizations WHERE id = ${organizationId})
          AS organization`.catch(throwMapped);
    return rows[0] as { store: boolean; organization: boolean };
  }
}
