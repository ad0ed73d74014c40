import { type ProblemCatalogue, problemsIn, ServiceError } from "@libs/http";

/** The errors of this service's own. */
export const orderProblems = {
  "cart.not_found": {
    status: 404,
    title: "There is no such cart.",
    hint: "Another customer's cart counts as not found.",
  },
  "cart.no_store": { status: 409, title: "You belong to no store.", hint: "Register or log in with a `storeId`." },
  "cart.not_open": { status: 409, title: "This cart is closed.", hint: "Open another cart." },
  "cart.empty": { status: 409, title: "This cart is empty.", hint: "Add a product first." },
  "cart.full": {
    status: 409,
    title: "This cart can't hold any more different items.",
    hint: "Order it, then open another cart.",
  },
  "cart.total_too_large": {
    status: 409,
    title: "The total is too large.",
    hint: "The limit is 9007199254740991 in the currency's minor unit.",
  },
  "product.not_found": {
    status: 404,
    title: "The store does not sell this.",
    hint: "`GET /stores/{storeId}/products` lists what it sells in the cart's currency.",
  },
  "store.not_found": { status: 404, title: "There is no such store.", hint: "Correct the store's id." },
  "order.not_found": {
    status: 404,
    title: "There is no such order.",
    hint: "Another customer's order counts as not found.",
  },
  "order.not_possible": {
    status: 409,
    title: "The order's state does not allow this.",
    hint: "placed → paid → shipped; placed and paid can be cancelled.",
  },
} as const satisfies ProblemCatalogue;

export type OrderErrorCode = keyof typeof orderProblems;

/** A rule of carts and orders that a request breaks. */
export class OrderError extends ServiceError<OrderErrorCode> {
  override readonly name = "OrderError";

  constructor(code: OrderErrorCode) {
    super(code, orderProblems[code]);
  }
}

/** What a route declares of this service's errors. */
export const orderProblemsOf = <const Code extends OrderErrorCode>(...codes: Code[]) =>
  problemsIn(orderProblems, ...codes);
