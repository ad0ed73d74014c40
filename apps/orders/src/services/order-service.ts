import type { Cart, CheckoutOutcome, Order, OrderMark, OrderRepository } from "@libs/database";
import { AuthError } from "@libs/problems";
import { OrderError, type OrderErrorCode } from "./order-error.ts";
import { writeKey } from "./write-key.ts";

export interface OrderServiceDeps {
  orders: OrderRepository;
  now: () => Date;
}

/** One page of orders, newest first. */
export interface OrderPage {
  orders: Order[];
  /** Where the next page begins; null: this was the last. */
  next: OrderMark | null;
}

/** Orders: those of a person, and those of a store for who works there. */
export class OrderService {
  constructor(private readonly deps: OrderServiceDeps) {}

  /**
   * Orders a cart. A cart is ordered once: whoever asks again gets the same order.
   * @param cart one that the caller may order
   * @throws OrderError `cart.empty` | `cart.not_open` | `cart.not_found`; AuthError `idempotency.key_reused`
   */
  async checkout({ id: cartId, userId }: Cart, idempotencyKey?: string): Promise<Order> {
    const now = this.deps.now();
    const key = writeKey("checkout", userId, idempotencyKey, cartId, now);
    const outcome = await this.deps.orders.checkout({ cartId, orderId: Bun.randomUUIDv7(), now }, key);
    if (outcome === "key_reused") throw new AuthError("idempotency.key_reused");
    if (typeof outcome === "string") throw new OrderError(refusals[outcome]);
    return await this.findOwn(userId, outcome.id);
  }

  /** @throws OrderError `order.not_found`, for another person's too */
  async findOwn(userId: string, orderId: string): Promise<Order> {
    const order = await this.deps.orders.find(orderId);
    if (order?.userId !== userId) throw new OrderError("order.not_found");
    return order;
  }

  /** @throws OrderError `order.not_found`, for another store's too */
  async findInStore(storeId: string, orderId: string): Promise<Order> {
    const order = await this.deps.orders.find(orderId);
    if (order?.storeId !== storeId) throw new OrderError("order.not_found");
    return order;
  }

  /** @param limit most orders of the page */
  async list(of: { userId: string } | { storeId: string }, after: OrderMark | null, limit: number): Promise<OrderPage> {
    const found = await this.deps.orders.list(of, { after, limit: limit + 1 });
    const orders = found.slice(0, limit);
    return { orders, next: found.length > limit ? (orders.at(-1) ?? null) : null };
  }

  /** @throws OrderError `order.not_found` | `order.not_possible` */
  async move(storeId: string, orderId: string, to: keyof typeof movesFrom): Promise<Order> {
    await this.findInStore(storeId, orderId);
    const moved = await this.deps.orders.move({ id: orderId, storeId, from: movesFrom[to], to, now: this.deps.now() });
    if (!moved) throw new OrderError("order.not_possible");
    return await this.findInStore(storeId, orderId);
  }
}

const movesFrom = {
  paid: ["placed"],
  shipped: ["paid"],
  cancelled: ["placed", "paid"],
} as const satisfies Partial<Record<Order["status"], readonly Order["status"][]>>;

const refusals: Record<Exclude<Extract<CheckoutOutcome, string>, "key_reused">, OrderErrorCode> = {
  not_found: "cart.not_found",
  not_open: "cart.not_open",
  empty: "cart.empty",
};
