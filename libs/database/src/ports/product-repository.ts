/**
 * What a store sells, and at which price.
 * @see {@link ProductRepository}
 */
export interface Product {
  storeId: string;
  sku: string;
  /** ISO 4217. */
  currency: string;
  name: string;
  /** In the currency's minor unit (cents); at most 2^53 - 1. */
  unitPriceMinor: bigint;
}

/**
 * Which part of a store's products.
 * @see {@link ProductRepository}
 */
export interface ProductPage {
  storeId: string;
  currency: string;
  /** Null: from the start. */
  afterSku: string | null;
  limit: number;
}

/**
 * PORT: what stores sell.
 * @example
 * ```ts
 * import type { Product, ProductPage, ProductRepository } from "@libs/database";
 *
 * const tea: Product = { storeId: "7d0c…", sku: "tea", currency: "EUR", name: "Tea", unitPriceMinor: 450n };
 * const page: ProductPage = { storeId: "7d0c…", currency: "EUR", afterSku: null, limit: 50 };
 *
 * export async function offer(products: ProductRepository): Promise<Product[]> {
 *   if ((await products.put(tea, new Date())) === "store_unknown") throw new Error("no such store");
 *   return products.list(page);
 * }
 * ```
 */
export interface ProductRepository {
  /** Adds the product or changes its name and price; carts keep the price at which an item was put. */
  put(product: Product, now: Date): Promise<"written" | "store_unknown">;
  /** By sku. */
  list(page: ProductPage): Promise<Product[]>;
}
