import { PREFERRED_PORTS } from "../base/constants.ts";
import type { Report } from "../base/report.ts";
import { openDemoStore } from "../demo-store.ts";
import { ordersEnvironment } from "../orders-environment.ts";
import { CONSOLE } from "../supervisor/protocol.ts";
import { holdService } from "./hold-service.ts";
import { runService } from "./run-service.ts";
import { ordersScreen } from "./screen.ts";
import { databaseRefusal } from "./server-stack-error.ts";

/** `bun run orders`: the orders service on the running stack, on `ORDERS_PORT` or the next free port from 3100. */
export function orders(_args: readonly string[], report: Report): Promise<number> {
  return holdService(
    {
      name: "orders",
      firstPort: PREFERRED_PORTS.orders.port,
      run: (supervisor, stack, port) =>
        runService(supervisor, {
          app: "orders",
          name: "orders service",
          port,
          env: ordersEnvironment(stack, port),
          log: CONSOLE,
        }),
      say: (url) => `Orders: ${url}, its API at ${url}/openapi`,
      screen: async ({ gatewayUrl, databaseUrl }, url) =>
        gatewayUrl && (await openDemoStore(databaseUrl).catch((error) => databaseRefusal(error, databaseUrl)))
          ? ordersScreen(gatewayUrl, url)
          : "",
    },
    report,
  );
}
