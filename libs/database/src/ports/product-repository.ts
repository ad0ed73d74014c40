export interface Product {
  storeId: string;
  sku: string;
  /** ISO 4217. */
  currency: string;
  name: string;
  /** In the currency's minor unit (cents); at most 2^53 - 1. */
  unitPriceMinor: bigint;
}

export interface ProductPage {
  storeId: string;
  currency: string;
  /** Null: from the start. */
  afterSku: string | null;
  limit: number;
}

/** PORT: what stores sell. */
export interface ProductRepository {
  /** Adds the product or changes its name and price; carts keep the price at which an item was put. */
  put(product: Product, now: Date): Promise<"written" | "store_unknown">;
  /** By sku. */
  list(page: ProductPage): Promise<Product[]>;
}
