// The same route guarded and unguarded, alone or with what every service of the house has around its routes.
import { serveOptions, serviceBase } from "@libs/http";
import { guardFirst, keycloakAuth, openGuard } from "@libs/keycloak-authV2/elysia";
import { createLogger, createMetricsRegistry } from "@libs/observability";
import { Elysia } from "elysia";
import { orderPage } from "./order-page.mjs";

const isService = process.argv.includes("service");

const logger = createLogger({ level: "info" });
const base = () =>
  new Elysia({ normalize: false, serve: serveOptions(logger) }).use(
    serviceBase({
      ...{ logger, registry: createMetricsRegistry(), routes: { current: [] } },
      ...{ corsOrigins: [], isStopping: () => false },
    }),
  );
/** As routes are that ask a database. */
const handler = async () => orderPage;
const app = isService ? base() : new Elysia();
const routes = new Elysia()
  .use(keycloakAuth(openGuard()))
  .get("/open", handler, { public: true })
  .get("/orders", handler, { auth: true });
guardFirst(app.use(routes)).listen({ hostname: "127.0.0.1", port: 0 });
process.send?.({ port: app.server?.port });
