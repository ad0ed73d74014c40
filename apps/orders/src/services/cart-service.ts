import type { Cart, CartRepository, PutItemOutcome } from "@libs/database";
import { AuthError } from "@libs/problems";
import { OrderError, type OrderErrorCode } from "./order-error.ts";
import { writeKey } from "./write-key.ts";

/** Most different items of one cart. */
export const MAX_ITEMS = 100;

export interface CartServiceDeps {
  carts: CartRepository;
  now: () => Date;
}

/** The carts of customers: each person's own, in the store that the person belongs to. */
export class CartService {
  constructor(private readonly deps: CartServiceDeps) {}

  /**
   * @param idempotencyKey of an earlier request: its cart comes back
   * @throws OrderError `cart.no_store`; AuthError `idempotency.key_reused`
   */
  async open(userId: string, currency: string, idempotencyKey?: string): Promise<Cart> {
    const now = this.deps.now();
    const key = writeKey("carts", userId, idempotencyKey, currency, now);
    const opened = await this.deps.carts.create({ id: Bun.randomUUIDv7(), userId, currency, now }, key);
    if (opened === "no_store") throw new OrderError("cart.no_store");
    if (opened === "key_reused") throw new AuthError("idempotency.key_reused");
    return await this.find(userId, opened.id);
  }

  /** @throws OrderError `cart.not_found`, for another person's too */
  async find(userId: string, cartId: string): Promise<Cart> {
    const cart = await this.deps.carts.find(cartId);
    if (cart?.userId !== userId) throw new OrderError("cart.not_found");
    return cart;
  }

  /**
   * Sets how many of a product are in the cart, at the store's price of this moment; 0 takes it out.
   * @throws OrderError `cart.not_found` | `cart.not_open` | `product.not_found` | `cart.full` | `cart.total_too_large`
   */
  async putItem(userId: string, cartId: string, sku: string, quantity: number): Promise<Cart> {
    await this.find(userId, cartId);
    const now = this.deps.now();
    const outcome = await this.deps.carts.putItem({ cartId, sku, quantity, maxItems: MAX_ITEMS, now });
    if (outcome !== "written") throw new OrderError(refusals[outcome]);
    return await this.find(userId, cartId);
  }
}

const refusals: Record<Exclude<PutItemOutcome, "written">, OrderErrorCode> = {
  not_found: "cart.not_found",
  not_open: "cart.not_open",
  product_unknown: "product.not_found",
  too_many_items: "cart.full",
  total_too_large: "cart.total_too_large",
};
