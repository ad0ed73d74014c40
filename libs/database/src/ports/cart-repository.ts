/** One line of a cart or an order, at the price of the moment when it was put there. */
export interface LineItem {
  sku: string;
  name: string;
  /** At least 1. */
  quantity: number;
  /** In the currency's minor unit (cents). */
  unitPriceMinor: bigint;
}

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

/** A request's `Idempotency-Key`. It is taken in the transaction of the write itself: both are kept, or neither. */
export interface WriteKey {
  /** The route and whose key it is. */
  scope: string;
  key: string;
  /** What the request asks for, to distinguish a retry from another request. No secrets. */
  fingerprint: string;
  expiresAt: Date;
}

export interface NewCart {
  id: string;
  userId: string;
  currency: string;
  now: Date;
}

export interface ItemChange {
  cartId: string;
  sku: string;
  /** 0 removes the item. */
  quantity: number;
  /** Most different items. */
  maxItems: number;
  now: Date;
}

export type PutItemOutcome =
  | "written"
  | "not_found"
  | "not_open"
  | "product_unknown"
  | "too_many_items"
  | "total_too_large";

/** The largest amount that JSON carries without loss. */
export const MAX_TOTAL_MINOR = BigInt(Number.MAX_SAFE_INTEGER);

/** PORT: carts. Ids are UUIDs. */
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
