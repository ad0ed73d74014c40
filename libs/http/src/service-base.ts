import { cors } from "@elysia/cors";
import { requestTarget } from "@libs/auth-guard";
import type { Logger, Registry } from "@libs/observability";
import { Elysia } from "elysia";
import { accessLog, responseObservers } from "./access-log.ts";
import { httpMetrics } from "./http-metrics.ts";
import { jsonOnly } from "./json-only.ts";
import { pathAsSent } from "./path-as-sent.ts";
import { lastResort, problemDetails } from "./problem-details.ts";
import { requestContextPlugin } from "./request-context.ts";
import { securityHeaders } from "./security-headers.ts";

/**
 * The routes of the finished app, which its plugins can know only later.
 * @see {@link serviceBase}
 */
export interface RouteTable {
  current: { method: string; path: string }[];
}

/**
 * What {@link serviceBase} needs.
 * @see {@link serviceBase}
 */
export interface ServiceBaseOptions {
  logger: Logger;
  registry: Registry;
  routes: RouteTable;
  /** Browsers of these origins may call the service. */
  corsOrigins: string[];
  isStopping: () => boolean;
  /** Addresses that take a form instead of JSON. */
  formPaths?: readonly string[];
  /** A request failed in a way that an operator has to mend. */
  onOperatorsFault?: () => void;
}

/**
 * What Bun's server is given: no page of its own, no limit of its own.
 * @param logger for what no plugin could handle
 * @see {@link serviceBase}
 */
export const serveOptions = (logger: Logger) => ({
  // Bun's own refusal would have no problem details. Ours comes without reading: what is sent meanwhile is not kept.
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  development: false,
  error: lastResort(logger),
});

/**
 * Request id, access log, metrics, problem details, security headers, the path as it was sent, CORS, JSON bodies. Comes before every route; the
 * app itself is made with `normalize: false` and {@link serveOptions}.
 * @param options for all plugins
 * @example
 * ```ts
 * import {
 *   type OpenApiOptions,
 *   openApi,
 *   type RouteTable,
 *   type ServiceBaseOptions,
 *   serveOptions,
 *   serviceBase,
 * } from "@libs/http";
 * import { createLogger, createMetricsRegistry } from "@libs/observability";
 * import { Elysia } from "elysia";
 *
 * const logger = createLogger({ base: { service: "prices" } });
 * const routes: RouteTable = { current: [] };
 * const options: ServiceBaseOptions = {
 *   logger,
 *   registry: createMetricsRegistry(),
 *   routes,
 *   corsOrigins: ["https://shop.example"],
 *   isStopping: () => false,
 * };
 * const document: OpenApiOptions = { title: "Prices", version: "1.0.0", description: "What tea costs.", tags: [] };
 * export const app = new Elysia({ normalize: false, serve: serveOptions(logger) })
 *   .use(serviceBase(options))
 *   .use(openApi(document))
 *   .get("/prices", () => ({ tea: 450 }));
 * routes.current = app.routes;
 * ```
 */
export const serviceBase = ({ logger, registry, routes, corsOrigins, isStopping, ...options }: ServiceBaseOptions) =>
  new Elysia({ name: "service-base" })
    .use(responseObservers([accessLog(logger), httpMetrics(registry)]))
    .use(requestContextPlugin())
    .use(problemDetails(logger, (path) => allowedMethods(routes.current, path), options.onOperatorsFault))
    .use(securityHeaders())
    .onRequest(({ set }) => {
      // A stopping server asks its clients to connect elsewhere next time.
      if (isStopping()) set.headers.connection = "close";
    })
    .use(requestTarget())
    .use(pathAsSent())
    .use(
      cors({
        origin: corsOrigins,
        methods: ["GET", "POST", "PUT", "DELETE"],
        allowedHeaders: ["content-type", "authorization", "idempotency-key"],
        exposeHeaders: ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy", "www-authenticate"],
        credentials: false,
        maxAge: 600,
      }),
    )
    .use(jsonOnly(options.formPaths));

function allowedMethods(routes: RouteTable["current"], path: string): string[] {
  return [
    ...new Set(routes.filter((route) => route.path === path && route.method !== "OPTIONS").map(({ method }) => method)),
  ];
}
