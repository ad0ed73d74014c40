import { text } from "@libs/http";
import { Elysia } from "elysia";
import { z } from "zod";
import { orderProblemsOf } from "../services/order-error.ts";
import { fromCursor } from "./order-cursor.ts";
import type { RouteDeps } from "./route-deps.ts";
import {
  amountSchema,
  bodyProblems,
  commonProblems,
  currencySchema,
  orderPageSchema,
  orderSchema,
  orderStatusSchema,
  pageQuery,
  presentOrder,
  presentPage,
  presentProduct,
  productSchema,
  skuSchema,
  storeIdSchema,
} from "./schemas.ts";

export type StoreRouteDeps = Pick<RouteDeps, "auth" | "orders" | "products" | "withinDeadline">;

const storeParams = z.strictObject({ storeId: storeIdSchema });
const orderParams = storeParams.extend({ id: z.uuid() });
const ofStore = ({ params }: { params: Readonly<Record<string, string | undefined>> }) => params.storeId;

/** A store: what it sells, and for those who work there, its orders. */
export const storeRoutes = ({ auth, orders, products, withinDeadline }: StoreRouteDeps) =>
  new Elysia({ name: "stores", prefix: "/stores/:storeId" })
    .use(auth)
    .get(
      "/products",
      async ({ params: { storeId }, query: { currency, after, limit }, request }) => {
        const page = { storeId, currency, afterSku: after ?? null, limit };
        const found = await withinDeadline(request, () => products.list(page));
        return { products: found.map(presentProduct) };
      },
      {
        auth: true,
        params: storeParams,
        query: z.strictObject({
          currency: currencySchema,
          after: skuSchema.optional().describe("The last sku of the previous page."),
          limit: z.coerce.number().int().min(1).max(100).default(50),
        }),
        response: { 200: z.strictObject({ products: z.array(productSchema) }), ...commonProblems },
        detail: { summary: "What the store sells, by sku", tags: ["stores"] },
      },
    )
    .put(
      "/products/:sku",
      async ({ params: { storeId, sku }, body: { currency, name, unitPriceMinor }, request }) => {
        const product = { storeId, sku, currency, name, unitPriceMinor: BigInt(unitPriceMinor) };
        return presentProduct(await withinDeadline(request, () => products.put(product)));
      },
      {
        permissions: ["products:write"],
        store: ofStore,
        params: storeParams.extend({ sku: skuSchema }),
        body: z.strictObject({ currency: currencySchema, name: text(1, 200), unitPriceMinor: amountSchema }),
        response: { 200: productSchema, ...commonProblems, ...bodyProblems, ...orderProblemsOf("store.not_found") },
        detail: { summary: "Add a product, or change its name and price", tags: ["stores"] },
      },
    )
    .get(
      "/orders",
      async ({ params: { storeId }, query: { cursor, limit }, request }) =>
        presentPage(await withinDeadline(request, () => orders.list({ storeId }, fromCursor(cursor), limit))),
      {
        permissions: ["orders:read"],
        store: ofStore,
        params: storeParams,
        query: pageQuery,
        response: { 200: orderPageSchema, ...commonProblems },
        detail: { summary: "The store's orders, newest first", tags: ["stores"] },
      },
    )
    .get(
      "/orders/:id",
      async ({ params: { storeId, id }, request }) =>
        presentOrder(await withinDeadline(request, () => orders.findInStore(storeId, id))),
      {
        permissions: ["orders:read"],
        store: ofStore,
        params: orderParams,
        response: { 200: orderSchema, ...commonProblems, ...orderProblemsOf("order.not_found") },
        detail: { summary: "An order of the store", tags: ["stores"] },
      },
    )
    .put(
      "/orders/:id/status",
      async ({ params: { storeId, id }, body, request }) =>
        presentOrder(await withinDeadline(request, () => orders.move(storeId, id, body.status))),
      {
        permissions: ["orders:write"],
        store: ofStore,
        params: orderParams,
        body: z.strictObject({ status: orderStatusSchema.exclude(["placed"]) }),
        response: {
          200: orderSchema,
          ...commonProblems,
          ...bodyProblems,
          ...orderProblemsOf("order.not_found", "order.not_possible"),
        },
        detail: { summary: "Mark an order as paid, shipped or cancelled", tags: ["stores"] },
      },
    );
