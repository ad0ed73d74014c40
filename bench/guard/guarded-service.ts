// `guarded-service.ts [service|database]`
// The same route guarded and unguarded: alone, with what every service of this repository has around its routes, or with that
// and one read of the database.

import { guardFirst, keycloakAuth, openGuard } from "@libs/auth-guard";
import { createDatabase, createRepositories } from "@libs/database";
import { serveOptions, serviceBase } from "@libs/http";
import { bufferedStdout, createLogger, createMetricsRegistry } from "@libs/observability";
import { Elysia } from "elysia";
import { orderPage } from "./order-page.mjs";

const [kind] = process.argv.slice(2);
const databaseUrl = process.env.DATABASE_URL ?? "";

const logger = createLogger({ level: "info", destination: bufferedStdout() });
const base = () =>
  new Elysia({ normalize: false, serve: serveOptions(logger) }).use(
    serviceBase({
      logger,
      registry: createMetricsRegistry(),
      routes: { current: [] },
      corsOrigins: [],
      isStopping: () => false,
    }),
  );
const { products } = createRepositories(createDatabase(databaseUrl, { poolSize: 8 }));
const page = { storeId: "store-1", currency: "EUR", afterSku: null, limit: 20 };
/** Async, as what asks a database is. */
const fromMemory = async () => orderPage;
/** One read by an index, as most routes of a service have at least. */
const fromDatabase = async () => ({ ...orderPage, products: await products.list(page) });
const handler = kind === "database" ? fromDatabase : fromMemory;
const app = kind === undefined ? new Elysia() : base();
const routes = new Elysia()
  .use(keycloakAuth(openGuard()))
  .get("/open", handler, { public: true })
  .get("/orders", handler, { auth: true });
guardFirst(app.use(routes)).listen({ hostname: "127.0.0.1", port: 0 });
process.send?.({ port: app.server?.port });
