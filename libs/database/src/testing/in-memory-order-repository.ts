import type { WriteKey } from "../ports/cart-repository.ts";
import type {
  Checkout,
  CheckoutOutcome,
  Order,
  OrderMark,
  OrderMove,
  OrderRepository,
} from "../ports/order-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryOrderRepository implements OrderRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async checkout({ cartId, orderId, now }: Checkout, key?: WriteKey): Promise<CheckoutOutcome> {
    const cart = this.database.carts.get(cartId);
    if (!cart) return "not_found";
    const held = key && this.database.writeKey(key, now);
    if (held && held.fingerprint !== key.fingerprint) return "key_reused";
    const earlier = [...this.database.orders.values()].find((order) => order.cartId === cartId);
    if (!earlier && cart.status !== "open") return "not_open";
    if (!earlier && cart.items.length === 0) return "empty";
    if (key && !held) this.database.takeWriteKey(key, cartId);
    if (earlier) return { id: earlier.id, placed: false };
    const { userId, storeId, currency } = cart;
    const items = structuredClone(cart.items);
    const totalMinor = items.reduce((sum, item) => sum + BigInt(item.quantity) * item.unitPriceMinor, 0n);
    this.database.orders.set(orderId, {
      id: orderId,
      userId,
      storeId,
      cartId,
      currency,
      totalMinor,
      status: "placed",
      placedAt: now,
      items,
    });
    cart.status = "ordered";
    cart.updatedAt = now;
    return { id: orderId, placed: true };
  }

  async find(id: string): Promise<Order | null> {
    return structuredClone(this.database.orders.get(id) ?? null);
  }

  async move({ id, storeId, from, to }: OrderMove): Promise<boolean> {
    const order = this.database.orders.get(id);
    if (!order || order.storeId !== storeId || !from.includes(order.status)) return false;
    order.status = to;
    return true;
  }

  async list(
    of: { userId: string } | { storeId: string },
    { after, limit }: { after: OrderMark | null; limit: number },
  ): Promise<Order[]> {
    const place = ({ placedAt, id }: OrderMark) => `${placedAt.toISOString()} ${id}`;
    return [...this.database.orders.values()]
      .filter((order) => ("userId" in of ? order.userId === of.userId : order.storeId === of.storeId))
      .filter((order) => after === null || place(order) < place(after))
      .sort((a, b) => (place(a) < place(b) ? 1 : -1))
      .slice(0, limit)
      .map((order) => structuredClone(order));
  }
}
