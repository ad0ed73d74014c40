import { throwMapped } from "@libs/postgres";
import type { Prisma } from "../generated/client.ts";
import {
  type Cart,
  type CartRepository,
  type ItemChange,
  MAX_TOTAL_MINOR,
  type NewCart,
  type PutItemOutcome,
  type WriteKey,
} from "../ports/cart-repository.ts";
import type { PrismaClient } from "./client.ts";
import { WITH_ITEMS } from "./line-items.ts";
import { refusable } from "./refusal.ts";
import { takeWriteKey } from "./take-write-key.ts";

/** `carts` and `cart_items` in PostgreSQL. Whoever changes a cart locks its row first. */
export class PrismaCartRepository implements CartRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async create(cart: NewCart, key?: WriteKey): Promise<{ id: string } | "no_store" | "key_reused"> {
    return await refusable<{ id: string }, "no_store" | "key_reused">(this.prisma, async (tx, refuse) => {
      const { id, userId, currency, now } = cart;
      const held = key && (await takeWriteKey(tx, key, id, now));
      if (held === "key_reused") return refuse(held);
      if (held?.earlier) return { id: held.subject };
      const created = await tx.$executeRaw`
        INSERT INTO carts (id, user_id, store_id, currency, created_at, updated_at)
        SELECT ${id}::uuid, id, store_id, ${currency}, ${now}, ${now} FROM users
        WHERE id = ${userId} AND deleted_at IS NULL AND store_id IS NOT NULL`;
      return created > 0 ? { id } : refuse("no_store");
    });
  }

  async find(id: string): Promise<Cart | null> {
    const row = await this.prisma.cart.findUnique({ where: { id }, include: WITH_ITEMS }).catch(throwMapped);
    return row && { ...row, status: row.status as Cart["status"] };
  }

  async putItem(change: ItemChange): Promise<PutItemOutcome> {
    return await refusable<PutItemOutcome, PutItemOutcome>(this.prisma, (tx, refuse) => putItem(tx, refuse, change));
  }
}

async function putItem(
  tx: Prisma.TransactionClient,
  refuse: (outcome: PutItemOutcome) => never,
  { cartId, sku, quantity, maxItems, now }: ItemChange,
): Promise<PutItemOutcome> {
  const [cart] = await tx.$queryRaw<{ status: string }[]>`
    UPDATE carts SET updated_at = CASE WHEN status = 'open' THEN ${now} ELSE updated_at END
    WHERE id = ${cartId}::uuid RETURNING status`;
  if (!cart) return refuse("not_found");
  if (cart.status !== "open") return refuse("not_open");
  if (quantity === 0) {
    await tx.$executeRaw`DELETE FROM cart_items WHERE cart_id = ${cartId}::uuid AND sku = ${sku}`;
    return "written";
  }
  const [next] = await tx.$queryRaw<{ items: number; fits: boolean }[]>`
    SELECT (SELECT count(*)::int FROM cart_items WHERE cart_id = cart.id AND sku <> ${sku}) + 1 AS items,
      coalesce((SELECT sum(quantity * unit_price_minor::numeric) FROM cart_items WHERE cart_id = cart.id AND sku <> ${sku}), 0)
        + ${quantity} * product.unit_price_minor::numeric <= ${MAX_TOTAL_MINOR} AS fits
    FROM carts cart JOIN products product ON product.store_id = cart.store_id AND product.currency = cart.currency
    WHERE cart.id = ${cartId}::uuid AND product.sku = ${sku}`;
  if (!next) return refuse("product_unknown");
  if (next.items > maxItems) return refuse("too_many_items");
  if (!next.fits) return refuse("total_too_large");
  await tx.$executeRaw`
    INSERT INTO cart_items (cart_id, sku, name, quantity, unit_price_minor, added_at)
    SELECT cart.id, product.sku, product.name, ${quantity}, product.unit_price_minor, ${now}
    FROM carts cart JOIN products product ON product.store_id = cart.store_id AND product.currency = cart.currency
    WHERE cart.id = ${cartId}::uuid AND product.sku = ${sku}
    ON CONFLICT (cart_id, sku) DO UPDATE SET name = excluded.name, quantity = excluded.quantity,
      unit_price_minor = excluded.unit_price_minor`;
  return "written";
}
