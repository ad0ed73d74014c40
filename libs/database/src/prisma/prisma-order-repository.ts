import { throwMapped } from "@libs/postgres";
import type { Prisma } from "../generated/client.ts";
import type { WriteKey } from "../ports/cart-repository.ts";
import type {
  Checkout,
  CheckoutOutcome,
  Order,
  OrderMark,
  OrderMove,
  OrderRepository,
} from "../ports/order-repository.ts";
import type { PrismaClient } from "./client.ts";
import { WITH_ITEMS } from "./line-items.ts";
import { refusable } from "./refusal.ts";
import { takeWriteKey } from "./take-write-key.ts";

/** `orders` and `order_items` in PostgreSQL. */
export class PrismaOrderRepository implements OrderRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async checkout(checkout: Checkout, key?: WriteKey): Promise<CheckoutOutcome> {
    return await refusable<CheckoutOutcome, Refused>(this.prisma, (tx, refuse) =>
      placeOrder(tx, refuse, checkout, key),
    );
  }

  async find(id: string): Promise<Order | null> {
    const row = await this.prisma.order.findUnique({ where: { id }, ...READ }).catch(throwMapped);
    return row && { ...row, status: row.status as Order["status"] };
  }

  async move({ id, storeId, from, to, now }: OrderMove): Promise<boolean> {
    const { count } = await this.prisma.order
      .updateMany({ where: { id, storeId, status: { in: [...from] } }, data: { status: to, updatedAt: now } })
      .catch(throwMapped);
    return count > 0;
  }

  async list(
    of: { userId: string } | { storeId: string },
    { after, limit }: { after: OrderMark | null; limit: number },
  ): Promise<Order[]> {
    const earlier = after && {
      OR: [{ placedAt: { lt: after.placedAt } }, { placedAt: after.placedAt, id: { lt: after.id } }],
      // Beside the exact condition, so that the index is entered at the page.
      placedAt: { lte: after.placedAt },
    };
    const rows = await this.prisma.order
      .findMany({ where: { ...of, ...earlier }, ...READ, orderBy: [{ placedAt: "desc" }, { id: "desc" }], take: limit })
      .catch(throwMapped);
    return rows.map((row) => ({ ...row, status: row.status as Order["status"] }));
  }
}

const READ = { include: WITH_ITEMS, omit: { updatedAt: true } } as const;

type Refused = Extract<CheckoutOutcome, string>;

async function placeOrder(
  tx: Prisma.TransactionClient,
  refuse: (outcome: Refused) => never,
  { cartId, orderId, now }: Checkout,
  key: WriteKey | undefined,
): Promise<CheckoutOutcome> {
  // Locked before its items are read: a change of the cart is in the order as a whole, or refused.
  const [cart] = await tx.$queryRaw<{ status: string }[]>`
    SELECT status FROM carts WHERE id = ${cartId}::uuid FOR UPDATE`;
  if (!cart) return refuse("not_found");
  if (key && (await takeWriteKey(tx, key, cartId, now)) === "key_reused") return refuse("key_reused");
  if (cart.status === "ordered") {
    const earlier = await tx.order.findUnique({ where: { cartId }, select: { id: true } });
    return earlier ? { id: earlier.id, placed: false } : refuse("not_open");
  }
  if (cart.status !== "open") return refuse("not_open");
  const placed = await tx.$executeRaw`
    WITH placed AS (
      INSERT INTO orders (id, user_id, store_id, cart_id, currency, total_minor, placed_at, updated_at)
      SELECT ${orderId}::uuid, cart.user_id, cart.store_id, cart.id, cart.currency,
        sum(item.quantity * item.unit_price_minor::numeric)::bigint, ${now}, ${now}
      FROM carts cart JOIN cart_items item ON item.cart_id = cart.id
      WHERE cart.id = ${cartId}::uuid GROUP BY cart.id
      RETURNING id, cart_id
    ), closed AS (
      UPDATE carts SET status = 'ordered', updated_at = ${now} FROM placed WHERE carts.id = placed.cart_id
    )
    INSERT INTO order_items (order_id, sku, name, quantity, unit_price_minor)
    SELECT placed.id, item.sku, item.name, item.quantity, item.unit_price_minor
    FROM placed JOIN cart_items item ON item.cart_id = placed.cart_id`;
  return placed > 0 ? { id: orderId, placed: true } : refuse("empty");
}
