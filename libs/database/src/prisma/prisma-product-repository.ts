import { ForeignKeyViolationError, mapDatabaseError, throwMapped } from "@libs/postgres";
import type { Product, ProductPage, ProductRepository } from "../ports/product-repository.ts";
import type { PrismaClient } from "./client.ts";

/** `products` in PostgreSQL. */
export class PrismaProductRepository implements ProductRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async put(
    { storeId, sku, currency, name, unitPriceMinor }: Product,
    now: Date,
  ): Promise<"written" | "store_unknown"> {
    try {
      await this.prisma.$executeRaw`
        INSERT INTO products (store_id, sku, currency, name, unit_price_minor, created_at, updated_at)
        VALUES (${storeId}, ${sku}, ${currency}, ${name}, ${unitPriceMinor}, ${now}, ${now})
        ON CONFLICT (store_id, sku, currency) DO UPDATE SET name = excluded.name,
          unit_price_minor = excluded.unit_price_minor, updated_at = excluded.updated_at`;
      return "written";
    } catch (error) {
      const mapped = mapDatabaseError(error);
      if (mapped instanceof ForeignKeyViolationError) return "store_unknown";
      throw mapped;
    }
  }

  async list({ storeId, currency, afterSku, limit }: ProductPage): Promise<Product[]> {
    return await this.prisma.product
      .findMany({
        where: { storeId, currency, ...(afterSku !== null && { sku: { gt: afterSku } }) },
        omit: { createdAt: true, updatedAt: true },
        orderBy: { sku: "asc" },
        take: limit,
      })
      .catch(throwMapped);
  }
}
