import type { BusinessRepository } from "../ports/business-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryBusinessRepository implements BusinessRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async knows({ storeId, organizationId }: { storeId?: string | null; organizationId?: string | null }): Promise<{
    store: boolean;
    organization: boolean;
  }> {
    return {
      store: storeId == null || this.database.stores.has(storeId),
      organization: organizationId == null || this.database.organizations.has(organizationId),
    };
  }
}
