import type { Cart, LineItem, Order, Product } from "@libs/database";
import { problemsOf, text } from "@libs/http";
import { z } from "zod";
import type { OrderPage } from "../services/order-service.ts";
import { cursorSchema, toCursor } from "./order-cursor.ts";

/** Money: an integer in the currency's minor unit, which JSON carries without loss. */
export const amountSchema = z.int().min(0).describe("In the currency's minor unit, such as cents.");

export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, "must be a currency code such as EUR")
  .describe("ISO 4217.");

export const skuSchema = text(1, 64).regex(/^[\w.-]+$/, "must be letters, digits, `.`, `_` and `-`");
export const storeIdSchema = text(1, 64);
export const idParams = z.strictObject({ id: z.uuid() });

const lineItemSchema = z.strictObject({
  sku: z.string(),
  name: z.string(),
  quantity: z.int(),
  unitPriceMinor: amountSchema,
});

export const cartSchema = z.strictObject({
  id: z.uuid(),
  storeId: z.string().nullable(),
  currency: z.string(),
  status: z.enum(["open", "ordered", "abandoned"]),
  items: z.array(lineItemSchema),
  totalMinor: amountSchema,
  createdAt: z.string().describe("RFC 3339."),
  updatedAt: z.string(),
});

export const orderStatusSchema = z.enum(["placed", "paid", "shipped", "cancelled"]);

export const orderSchema = z.strictObject({
  id: z.uuid(),
  userId: z.string(),
  storeId: z.string().nullable(),
  cartId: z.uuid().nullable(),
  currency: z.string(),
  status: orderStatusSchema,
  items: z.array(lineItemSchema),
  totalMinor: amountSchema,
  placedAt: z.string().describe("RFC 3339."),
});

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: cursorSchema.optional().describe("`next` of the previous page."),
});

export const orderPageSchema = z.strictObject({
  orders: z.array(orderSchema),
  next: z.string().nullable().describe("`cursor` of the next page; null on the last page."),
});

export const productSchema = z.strictObject({
  sku: z.string(),
  currency: z.string(),
  name: z.string(),
  unitPriceMinor: amountSchema,
});

/** What any route can answer when something is wrong with the request or with us. The guard adds 401 and 403. */
export const commonProblems = problemsOf("input.invalid", "internal.error", "database.unavailable", "database.timeout");

/** What a route that reads a body can answer beside. */
export const bodyProblems = problemsOf("input.too_large", "input.unsupported_media_type");

export function presentCart({ userId: _, items, createdAt, updatedAt, ...cart }: Cart): z.infer<typeof cartSchema> {
  const total = items.reduce((sum, item) => sum + BigInt(item.quantity) * item.unitPriceMinor, 0n);
  return {
    ...cart,
    items: items.map(presentItem),
    totalMinor: toNumber(total),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function presentOrder({ items, totalMinor, placedAt, ...order }: Order): z.infer<typeof orderSchema> {
  return {
    ...order,
    items: items.map(presentItem),
    totalMinor: toNumber(totalMinor),
    placedAt: placedAt.toISOString(),
  };
}

export function presentPage({ orders, next }: OrderPage): z.infer<typeof orderPageSchema> {
  return { orders: orders.map(presentOrder), next: next && toCursor(next) };
}

export function presentProduct({ sku, currency, name, unitPriceMinor }: Product): z.infer<typeof productSchema> {
  return { sku, currency, name, unitPriceMinor: toNumber(unitPriceMinor) };
}

function presentItem({ sku, name, quantity, unitPriceMinor }: LineItem): z.infer<typeof lineItemSchema> {
  return { sku, name, quantity, unitPriceMinor: toNumber(unitPriceMinor) };
}

/** @throws RangeError for an amount that a number would round */
function toNumber(amount: bigint): number {
  if (amount > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("an amount beyond 2^53 - 1");
  return Number(amount);
}
