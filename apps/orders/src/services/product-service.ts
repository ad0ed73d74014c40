import type { Product, ProductPage, ProductRepository } from "@libs/database";
import { OrderError } from "./order-error.ts";

/** What stores sell. */
export class ProductService {
  constructor(private readonly deps: { products: ProductRepository; now: () => Date }) {}

  list(page: ProductPage): Promise<Product[]> {
    return this.deps.products.list(page);
  }

  /** Adds a product or changes its name and price. @throws OrderError `store.not_found` */
  async put(product: Product): Promise<Product> {
    if ((await this.deps.products.put(product, this.deps.now())) === "store_unknown")
      throw new OrderError("store.not_found");
    return product;
  }
}
