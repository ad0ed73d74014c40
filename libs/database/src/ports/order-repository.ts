import type { LineItem, WriteKey } from "./cart-repository.ts";

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

export interface Checkout {
  cartId: string;
  /** The id of the order, if this call places it. */
  orderId: string;
  now: Date;
}

export type CheckoutOutcome = { id: string; placed: boolean } | "not_found" | "not_open" | "empty" | "key_reused";

export interface OrderMove {
  id: string;
  storeId: string;
  from: readonly Order["status"][];
  to: Order["status"];
  now: Date;
}

/** A place in a list of orders: after this one, newest first. */
export type OrderMark = Pick<Order, "placedAt" | "id">;

/** PORT: orders. Ids are UUIDs. */
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
