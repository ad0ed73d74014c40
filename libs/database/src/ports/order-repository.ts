import type { LineItem, WriteKey } from "./cart-repository.ts";

/**
 * What a person has ordered, at the prices of that moment.
 * @see {@link OrderRepository}
 */
export interface Order {
  id: string;
  userId: string;
  storeId: string | null;
  cartId: string | null;
  /** ISO 4217. */
  currency: string;
  /** In the currency's minor unit (cents). */
  totalMinor: bigint;
  status: "placed" | "paid" | "shipped" | "cancelled";
  placedAt: Date;
  /** By sku. */
  items: LineItem[];
}

/**
 * The cart to be ordered.
 * @see {@link OrderRepository}
 */
export interface Checkout {
  cartId: string;
  /** The id of the order, if this call places it. */
  orderId: string;
  now: Date;
}

/**
 * What became of a {@link Checkout}.
 * @see {@link OrderRepository}
 */
export type CheckoutOutcome = { id: string; placed: boolean } | "not_found" | "not_open" | "empty" | "key_reused";

/**
 * The state that an order is to have next.
 * @see {@link OrderRepository}
 */
export interface OrderMove {
  id: string;
  storeId: string;
  from: readonly Order["status"][];
  to: Order["status"];
  now: Date;
}

/**
 * A place in a list of orders: after this one, newest first.
 * @see {@link OrderRepository}
 */
export type OrderMark = Pick<Order, "placedAt" | "id">;

/**
 * PORT: orders. Ids are UUIDs.
 * @example
 * ```ts
 * import type { Checkout, CheckoutOutcome, Order, OrderMark, OrderMove, OrderRepository } from "@libs/database";
 *
 * export async function placeAndShip(orders: OrderRepository, storeId: string, userId: string): Promise<Order[]> {
 *   const checkout: Checkout = { cartId: crypto.randomUUID(), orderId: crypto.randomUUID(), now: new Date() };
 *   const placed: CheckoutOutcome = await orders.checkout(checkout);
 *   if (typeof placed === "string") throw new Error(placed); // "not_found", "empty" …
 *   const move: OrderMove = { id: placed.id, storeId, from: ["paid"], to: "shipped", now: new Date() };
 *   await orders.move(move);
 *   const first = await orders.list({ userId }, { after: null, limit: 20 });
 *   const last: OrderMark | null = first.at(-1) ?? null;
 *   return last ? [...first, ...(await orders.list({ userId }, { after: last, limit: 20 }))] : first;
 * }
 * ```
 */
export interface OrderRepository {
  /**
   * Makes an order of a cart in one transaction. A cart is ordered once, however many ask at once.
   * @returns the order of this cart; `placed`: by this call
   */
  checkout(checkout: Checkout, key?: WriteKey): Promise<CheckoutOutcome>;
  find(id: string): Promise<Order | null>;
  /**
   * Moves an order of this store on, from one of the given states only.
   * @returns false when there is no such order in the store, or it is in another state
   */
  move(change: OrderMove): Promise<boolean>;
  /** Newest first. */
  list(
    of: { userId: string } | { storeId: string },
    page: { after: OrderMark | null; limit: number },
  ): Promise<Order[]>;
}
