import { keycloakAuth, openGuard } from "@libs/auth-guard";
import { createDatabase, createRepositories, directUrlOf } from "@libs/database";
import { createReadiness, tokenOptions } from "@libs/http";
import { AccessService } from "@libs/keycloak-authV2/services/access";
import { createMetricsRegistry, type Logger } from "@libs/observability";
import { type App, createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { CartService } from "./services/cart-service.ts";
import { OrderService } from "./services/order-service.ts";
import { type OrdersPermission, permissions } from "./services/permissions.ts";
import { ProductService } from "./services/product-service.ts";

export interface Service {
  app: App;
  /** Says 503 on `/health/ready` from now on. */
  beginStop: () => void;
  /** Lets go of the database. */
  close: () => Promise<void>;
}

const CHANNEL_LOST = {
  kind: "channel_lost",
  todo: "Ended sessions and revoked permissions are refused up to 2 s late: check that PostgreSQL accepts LISTEN connections.",
};

/** The composition root: builds every adapter and service once. */
export async function compose(config: Config, logger: Logger): Promise<Service> {
  const registry = createMetricsRegistry();
  const databaseUrl = () => config.DATABASE_URL;
  const database = createDatabase(databaseUrl, {
    poolSize: config.DATABASE_POOL_SIZE,
    applicationName: "orders",
  });
  const repositories = createRepositories(database);
  const guard = openGuard({
    url: config.KEYCLOAK_URL,
    realm: config.KEYCLOAK_REALM,
    clientId: config.KEYCLOAK_CLIENT_ID,
    ...(config.KEYCLOAK_ISSUER && { issuer: config.KEYCLOAK_ISSUER }),
    ...tokenOptions(config),
    databaseUrl,
    databaseDirectUrl: () => directUrlOf(config).url,
    database,
    tables: ["carts", "cart_items", "orders", "order_items", "products"],
    registry,
    logger,
  });
  const access = new AccessService(repositories);
  const makeKnown = () =>
    access.registerPermissions(permissions).then(
      () => true,
      (error: unknown) => {
        // Roles can't be given these names until then; requests are guarded all the same.
        logger.warn({ err: error }, "the permissions could not be registered yet");
        return false;
      },
    );
  if (!(await makeKnown())) void guard.configuration?.passedOnce.then(makeKnown);
  let stopping = false;
  const isStopping = () => stopping;
  const now = () => new Date();
  const app = createApp({
    auth: keycloakAuth<OrdersPermission>(guard),
    carts: new CartService({ carts: repositories.carts, now }),
    orders: new OrderService({ orders: repositories.orders, now }),
    products: new ProductService({ products: repositories.products, now }),
    readiness: createReadiness({
      configuration: guard.configuration,
      checks: { database: () => database.$queryRaw`SELECT 1` },
      problems: () => (guard.isWatched() ? [] : [CHANNEL_LOST]),
      problemsOf: "guard",
      timeoutMs: 2000,
      maxAgeMs: 500,
      isStopping,
    }),
    registry,
    logger,
    corsOrigins: config.CORS_ORIGINS,
    metricsToken: config.METRICS_TOKEN && (() => config.METRICS_TOKEN ?? ""),
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    isStopping,
  });
  return {
    app,
    beginStop: () => {
      stopping = true;
    },
    close: async () => {
      await guard.close();
      await database.$disconnect();
    },
  };
}
