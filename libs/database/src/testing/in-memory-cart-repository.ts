import {
  type Cart,
  type CartRepository,
  type ItemChange,
  MAX_TOTAL_MINOR,
  type NewCart,
  type PutItemOutcome,
  type WriteKey,
} from "../ports/cart-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryCartRepository implements CartRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async create(
    { id, userId, currency, now }: NewCart,
    key?: WriteKey,
  ): Promise<{ id: string } | "no_store" | "key_reused"> {
    const held = key && this.database.writeKey(key, now);
    if (held) return held.fingerprint === key.fingerprint ? { id: held.subject } : "key_reused";
    const user = this.database.users.get(userId);
    if (!user || user.deletedAt !== null || user.storeId === null) return "no_store";
    const { storeId } = user;
    this.database.carts.set(id, {
      id,
      userId,
      storeId,
      currency,
      status: "open",
      createdAt: now,
      updatedAt: now,
      items: [],
    });
    if (key) this.database.takeWriteKey(key, id);
    return { id };
  }

  async find(id: string): Promise<Cart | null> {
    return structuredClone(this.database.carts.get(id) ?? null);
  }

  async putItem({ cartId, sku, quantity, maxItems, now }: ItemChange): Promise<PutItemOutcome> {
    const cart = this.database.carts.get(cartId);
    if (!cart) return "not_found";
    if (cart.status !== "open") return "not_open";
    const others = cart.items.filter((item) => item.sku !== sku);
    if (quantity > 0) {
      const product = this.database.products.get(JSON.stringify([cart.storeId, sku, cart.currency]));
      if (!product) return "product_unknown";
      if (others.length + 1 > maxItems) return "too_many_items";
      const { name, unitPriceMinor } = product;
      others.push({ sku, name, quantity, unitPriceMinor });
      const total = others.reduce((sum, item) => sum + BigInt(item.quantity) * item.unitPriceMinor, 0n);
      if (total > MAX_TOTAL_MINOR) return "total_too_large";
    }
    cart.items = others.sort((a, b) => (a.sku < b.sku ? -1 : 1));
    cart.updatedAt = now;
    return "written";
  }
}
