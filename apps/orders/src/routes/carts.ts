import { idempotencyKeyParameter, problemsOf, readIdempotencyKey } from "@libs/http";
import { Elysia } from "elysia";
import { z } from "zod";
import { orderProblemsOf } from "../services/order-error.ts";
import type { RouteDeps } from "./route-deps.ts";
import {
  bodyProblems,
  cartSchema,
  commonProblems,
  currencySchema,
  idParams,
  orderSchema,
  presentCart,
  presentOrder,
  skuSchema,
} from "./schemas.ts";

export type CartRouteDeps = Pick<RouteDeps, "auth" | "carts" | "orders" | "withinDeadline">;

/** Most of one product in a cart. */
const MAX_QUANTITY = 1000;

/** A customer's own carts. */
export const cartRoutes = ({ auth, carts, orders, withinDeadline }: CartRouteDeps) =>
  new Elysia({ name: "carts", prefix: "/carts" })
    .use(auth)
    .post(
      "",
      async ({ body, user, request, status }) => {
        const key = readIdempotencyKey(request);
        const cart = await withinDeadline(request, () => carts.open(user.id, body.currency, key));
        return status(201, presentCart(cart));
      },
      {
        auth: true,
        body: z.strictObject({ currency: currencySchema }),
        response: {
          201: cartSchema,
          ...commonProblems,
          ...bodyProblems,
          ...orderProblemsOf("cart.no_store"),
          ...problemsOf("idempotency.key_reused"),
        },
        detail: { summary: "Open a cart in your store", tags: ["carts"], parameters: [idempotencyKeyParameter] },
      },
    )
    .get(
      "/:id",
      async ({ params, user, request }) =>
        presentCart(await withinDeadline(request, () => carts.find(user.id, params.id))),
      {
        auth: true,
        params: idParams,
        response: { 200: cartSchema, ...commonProblems, ...orderProblemsOf("cart.not_found") },
        detail: { summary: "Your cart", tags: ["carts"] },
      },
    )
    .put(
      "/:id/items/:sku",
      async ({ params: { id, sku }, body, user, request }) =>
        presentCart(await withinDeadline(request, () => carts.putItem(user.id, id, sku, body.quantity))),
      {
        auth: true,
        params: idParams.extend({ sku: skuSchema }),
        body: z.strictObject({ quantity: z.int().min(0).max(MAX_QUANTITY).describe("0 removes the item.") }),
        response: {
          200: cartSchema,
          ...commonProblems,
          ...bodyProblems,
          ...orderProblemsOf("cart.not_found", "cart.not_open"),
        },
        detail: {
          summary: "Set how many of a product are in the cart",
          description: "The price is the store's current price; the cart keeps it until the item is set again.",
          tags: ["carts"],
        },
      },
    )
    .post(
      "/:id/checkout",
      async ({ params, user, request, status }) => {
        const key = readIdempotencyKey(request);
        const order = await withinDeadline(request, async () =>
          orders.checkout(await carts.find(user.id, params.id), key),
        );
        return status(201, presentOrder(order));
      },
      {
        auth: true,
        params: idParams,
        response: {
          201: orderSchema,
          ...commonProblems,
          ...orderProblemsOf("cart.not_found", "cart.empty"),
          ...problemsOf("idempotency.key_reused"),
        },
        detail: {
          summary: "Order the cart",
          description: "A cart is ordered once: a repeated request gets the same order.",
          tags: ["carts"],
          parameters: [idempotencyKeyParameter],
        },
      },
    );
