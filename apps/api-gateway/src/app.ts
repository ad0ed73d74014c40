import { cors } from "@elysia/cors";
import { AuthError } from "@libs/keycloak-authV2/errors";
import { type Logger, type Registry, withDeadline } from "@libs/observability";
import { Elysia } from "elysia";
import { accessLog, responseObservers } from "./http/access-log.ts";
import type { ClientAddress } from "./http/client-address.ts";
import { httpMetrics } from "./http/http-metrics.ts";
import { jsonOnly } from "./http/json-only.ts";
import { openApi } from "./http/openapi.ts";
import { lastResort, problemDetails } from "./http/problem-details.ts";
import { requestContextPlugin } from "./http/request-context.ts";
import { requestInfo } from "./http/request-info.ts";
import { securityHeaders } from "./http/security-headers.ts";
import type { CheckReadiness } from "./readiness.ts";
import { backchannelLogoutPath } from "./routes/auth/backchannel-logout.ts";
import type { AuthRouteDeps } from "./routes/auth/route-deps.ts";
import { authRoutes } from "./routes/auth.ts";
import { opsRoutes } from "./routes/ops.ts";

export interface AppDeps {
  integration: AuthRouteDeps["integration"];
  sync: AuthRouteDeps["sync"];
  /** Left out: the gateway learns nothing from Keycloak's back channel. */
  feed?: AuthRouteDeps["feed"];
  clientAddress: ClientAddress;
  limits: AuthRouteDeps["limits"];
  readiness: CheckReadiness;
  registry: Registry;
  logger: Logger;
  /** Browsers of these origins may call the gateway. */
  corsOrigins: string[];
  metricsToken: string | undefined;
  /** The longest that one request may take. Milliseconds. */
  requestTimeoutMs: number;
  isStopping: () => boolean;
}

/** Wires the gateway's routes and cross-cutting plugins; reads no environment and does not listen. */
export function createApp(deps: AppDeps) {
  const { logger, registry, corsOrigins, requestTimeoutMs, isStopping } = deps;
  const routes: RouteList = { current: [] };
  const app = new Elysia({
    name: "api-gateway",
    normalize: false,
    serve: {
      // Bun's own refusal would have no problem details. Ours comes without reading: what is sent meanwhile is not kept.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      error: lastResort(logger),
    },
  })
    .use(responseObservers([accessLog(logger), httpMetrics(registry)]))
    .use(requestContextPlugin())
    .use(problemDetails(logger, (path) => allowedMethods(routes.current, path)))
    .use(securityHeaders())
    .onRequest(({ set }) => {
      // A stopping server asks its clients to connect elsewhere next time.
      if (isStopping()) set.headers.connection = "close";
    })
    .use(
      cors({
        origin: corsOrigins,
        methods: ["GET", "POST", "DELETE"],
        allowedHeaders: ["content-type", "authorization", "idempotency-key"],
        exposeHeaders: ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
        credentials: false,
        maxAge: 600,
      }),
    )
    .use(jsonOnly([backchannelLogoutPath]))
    .use(openApi())
    .use(opsRoutes(deps))
    .use(
      authRoutes({
        ...deps,
        withinDeadline: (request, work) =>
          withDeadline(requestInfo(request).requestId, requestTimeoutMs, work, () => new AuthError("request.timeout")),
      }),
    );
  routes.current = app.routes;
  return app;
}

interface RouteList {
  current: { method: string; path: string }[];
}

export type App = ReturnType<typeof createApp>;

function allowedMethods(routes: RouteList["current"], path: string): string[] {
  return [
    ...new Set(routes.filter((route) => route.path === path && route.method !== "OPTIONS").map(({ method }) => method)),
  ];
}
