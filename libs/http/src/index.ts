// What every HTTP service of this repository shares: one cross-cutting plugin a file, and one that joins them.

export { type PublicError, problemResponse } from "@libs/problems";
export {
  databasePoolSize,
  directUrl,
  httpUrl,
  isOrigin,
  keycloakIssuer,
  listOf,
  logLevel,
  milliseconds,
  port,
  postgresUrl,
  requestTimeoutMs,
  secretVariable,
  shutdownDelayMs,
} from "./config-rules.ts";
export { idempotencyKeyParameter, readIdempotencyKey } from "./idempotency-key.ts";
export { bodyLimitBytes, nestingLimit } from "./json-only.ts";
export { type MetricsServerOptions, serveMetrics } from "./metrics-server.ts";
export type { OpenApiOptions } from "./openapi/openapi-document.ts";
export { openApi } from "./openapi-page.ts";
export { type OpsDeps, opsRoutes } from "./ops-routes.ts";
export {
  type Problem,
  type ProblemCatalogue,
  problemSchema,
  problemsIn,
  problemsOf,
} from "./problems/problem.ts";
export { ServiceError } from "./problems/service-error.ts";
export { ConfigError, type ConfigurationFault, readConfig, secretFilesOf } from "./read-config.ts";
export {
  type CheckReadiness,
  createReadiness,
  type Readiness,
  type ReadinessConfiguration,
  type ReadinessOptions,
} from "./readiness.ts";
export { type ComposedService, runService, type ServiceConfig, type ServiceRecipe } from "./run-service.ts";
export { type RouteTable, type ServiceBaseOptions, serveOptions, serviceBase } from "./service-base.ts";
export { email, line, metadata, password, secret, text } from "./text.ts";
export { tokenOptions, tokenVariables } from "./token-variables.ts";
export { type WithinDeadline, withinDeadline } from "./within-deadline.ts";
