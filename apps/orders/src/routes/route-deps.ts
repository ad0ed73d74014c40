import type { KeycloakAuth } from "@libs/auth-guard";
import type { WithinDeadline } from "@libs/http";
import type { CartService } from "../services/cart-service.ts";
import type { OrderService } from "../services/order-service.ts";
import type { OrdersPermission } from "../services/permissions.ts";
import type { ProductService } from "../services/product-service.ts";

/** What the routes share; each takes the part that it needs. */
export interface RouteDeps {
  auth: KeycloakAuth<OrdersPermission>;
  carts: Pick<CartService, "open" | "find" | "putItem">;
  orders: Pick<OrderService, "checkout" | "findOwn" | "findInStore" | "list" | "move">;
  products: Pick<ProductService, "list" | "put">;
  withinDeadline: WithinDeadline;
}
