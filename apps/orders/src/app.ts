import { guardFirst } from "@libs/auth-guard";
import {
  type CheckReadiness,
  openApi,
  opsRoutes,
  type RouteTable,
  serveOptions,
  serviceBase,
  withinDeadline,
} from "@libs/http";
import type { Logger, Registry } from "@libs/observability";
import type { Secret } from "@libs/observability/secrets";
import { Elysia } from "elysia";
import { version } from "../package.json";
import { cartRoutes } from "./routes/carts.ts";
import { orderRoutes } from "./routes/orders.ts";
import type { RouteDeps } from "./routes/route-deps.ts";
import { storeRoutes } from "./routes/stores.ts";

export interface AppDeps extends Omit<RouteDeps, "withinDeadline"> {
  readiness: CheckReadiness;
  registry: Registry;
  logger: Logger;
  /** Browsers of these origins may call the service. */
  corsOrigins: string[];
  metricsToken: Secret | undefined;
  /** The longest that one request may take. Milliseconds. */
  requestTimeoutMs: number;
  isStopping: () => boolean;
}

/** Wires the routes and cross-cutting plugins; reads no environment and does not listen. */
export function createApp(deps: AppDeps) {
  const routes: RouteTable = { current: [] };
  const routeDeps = { ...deps, withinDeadline: withinDeadline(deps.requestTimeoutMs) };
  const app = new Elysia({ name: "orders-service", normalize: false, serve: serveOptions(deps.logger) })
    .use(serviceBase({ ...deps, routes }))
    .use(
      openApi({
        title: "Orders",
        version,
        description: "Carts and orders: money in integers, a cart is ordered once.",
        tags: [
          { name: "carts", description: "For customers." },
          { name: "orders", description: "For customers." },
          { name: "stores", description: "For store staff." },
          { name: "operations", description: "For operators." },
        ],
      }),
    )
    .use(opsRoutes(deps))
    .use(cartRoutes(routeDeps))
    .use(orderRoutes(routeDeps))
    .use(storeRoutes(routeDeps));
  routes.current = app.routes;
  return guardFirst(app);
}

export type App = ReturnType<typeof createApp>;
