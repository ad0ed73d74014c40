import type { Product, ProductPage, ProductRepository } from "../ports/product-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryProductRepository implements ProductRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async put(product: Product): Promise<"written" | "store_unknown"> {
    const { storeId, sku, currency } = product;
    if (!this.database.stores.has(storeId)) return "store_unknown";
    this.database.products.set(JSON.stringify([storeId, sku, currency]), structuredClone(product));
    return "written";
  }

  async list({ storeId, currency, afterSku, limit }: ProductPage): Promise<Product[]> {
    return [...this.database.products.values()]
      .filter((product) => product.storeId === storeId && product.currency === currency)
      .filter(({ sku }) => afterSku === null || sku > afterSku)
      .sort((a, b) => (a.sku < b.sku ? -1 : 1))
      .slice(0, limit)
      .map((product) => structuredClone(product));
  }
}
