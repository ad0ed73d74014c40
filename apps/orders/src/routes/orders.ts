import { Elysia } from "elysia";
import { orderProblemsOf } from "../services/order-error.ts";
import { fromCursor } from "./order-cursor.ts";
import type { RouteDeps } from "./route-deps.ts";
import {
  commonProblems,
  idParams,
  orderPageSchema,
  orderSchema,
  pageQuery,
  presentOrder,
  presentPage,
} from "./schemas.ts";

export type OrderRouteDeps = Pick<RouteDeps, "auth" | "orders" | "withinDeadline">;

/** A customer's own orders. */
export const orderRoutes = ({ auth, orders, withinDeadline }: OrderRouteDeps) =>
  new Elysia({ name: "orders", prefix: "/orders" })
    .use(auth)
    .get(
      "",
      async ({ query: { cursor, limit }, user, request }) =>
        presentPage(await withinDeadline(request, () => orders.list({ userId: user.id }, fromCursor(cursor), limit))),
      {
        auth: true,
        query: pageQuery,
        response: { 200: orderPageSchema, ...commonProblems },
        detail: { summary: "Your orders, newest first", tags: ["orders"] },
      },
    )
    .get(
      "/:id",
      async ({ params, user, request }) =>
        presentOrder(await withinDeadline(request, () => orders.findOwn(user.id, params.id))),
      {
        auth: true,
        params: idParams,
        response: { 200: orderSchema, ...commonProblems, ...orderProblemsOf("order.not_found") },
        detail: { summary: "Your order", tags: ["orders"] },
      },
    );
