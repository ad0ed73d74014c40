/**
 * One line of a cart or an order, at the price of the moment when it was put there.
 * @see {@link CartRepository}
 */
export interface LineItem {
  sku: string;
  name: string;
  /** At least 1. */
  quantity: number;
  /** In the currency's minor unit (cents). */
  unitPriceMinor: bigint;
}

/**
 * A person's cart in one store.
 * @see {@link CartRepository}
 */
export interface Cart {
  id: string;
  userId: string;
  storeId: string | null;
  /** ISO 4217. */
  currency: string;
  status: "open" | "ordered" | "abandoned";
  createdAt: Date;
  updatedAt: Date;
  /** By sku. */
  items: LineItem[];
}

/**
 * A request's `Idempotency-Key`. It is taken in the transaction of the write itself: both are kept, or neither.
 * @see {@link CartRepository}
 */
export interface WriteKey {
  /** The route and whose key it is. */
  scope: string;
  key: string;
  /** What the request asks for, to distinguish a retry from another request. No secrets. */
  fingerprint: string;
  expiresAt: Date;
}

/**
 * A cart to open.
 * @see {@link CartRepository}
 */
export interface NewCart {
  id: string;
  userId: string;
  currency: string;
  now: Date;
}

/**
 * The quantity that an item of a cart is to have.
 * @see {@link CartRepository}
 */
export interface ItemChange {
  cartId: string;
  sku: string;
  /** 0 removes the item. */
  quantity: number;
  /** Most different items. */
  maxItems: number;
  now: Date;
}

/**
 * What became of an {@link ItemChange}.
 * @see {@link CartRepository}
 */
export type PutItemOutcome =
  | "written"
  | "not_found"
  | "not_open"
  | "product_unknown"
  | "too_many_items"
  | "total_too_large";

/**
 * The largest amount that JSON carries without loss.
 * @see {@link CartRepository}
 */
export const MAX_TOTAL_MINOR = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * PORT: carts. Ids are UUIDs.
 * @example
 * ```ts
 * import {
 *   type Cart,
 *   type CartRepository,
 *   type ItemChange,
 *   type LineItem,
 *   MAX_TOTAL_MINOR,
 *   type NewCart,
 *   type PutItemOutcome,
 *   type WriteKey,
 * } from "@libs/database";
 *
 * export async function buyTea(carts: CartRepository, cart: NewCart, key: WriteKey): Promise<LineItem[]> {
 *   const created = await carts.create(cart, key);
 *   if (typeof created === "string") throw new Error(created); // "no_store", "key_reused"
 *   const change: ItemChange = { cartId: created.id, sku: "tea", quantity: 2, maxItems: 100, now: new Date() };
 *   const outcome: PutItemOutcome = await carts.putItem(change);
 *   if (outcome === "total_too_large") throw new Error(`more than ${MAX_TOTAL_MINOR}`);
 *   const stored: Cart | null = await carts.find(created.id);
 *   return stored?.items ?? [];
 * }
 * ```
 */
export interface CartRepository {
  /**
   * Opens a cart in the user's store.
   * @returns the id: an earlier cart's where `key` was used for the same request
   */
  create(cart: NewCart, key?: WriteKey): Promise<{ id: string } | "no_store" | "key_reused">;
  find(id: string): Promise<Cart | null>;
  /** Sets an item's quantity, at the store's price of this moment. Changes of one cart come one after the other. */
  putItem(change: ItemChange): Promise<PutItemOutcome>;
}
