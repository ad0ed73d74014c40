import { timingSafeEqual } from "node:crypto";
import type { Registry } from "@libs/observability";
import { currentSecret, type Secret } from "@libs/observability/secrets";
import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { z } from "zod";
import type { CheckReadiness } from "./readiness.ts";

/**
 * What {@link opsRoutes} need.
 * @see {@link opsRoutes}
 */
export interface OpsDeps {
  readiness: CheckReadiness;
  registry: Registry;
  /** Bearer token for /metrics on this port, asked for at each use where it is a function; without one it is not served here. */
  metricsToken: Secret | undefined;
}

const readinessSchema = z.strictObject({
  status: z.enum(["ready", "not_ready"]),
  checks: z.record(z.string(), z.enum(["up", "away", "degraded", "failed"])),
  problems: z.array(z.strictObject({ kind: z.string(), todo: z.string() })).optional(),
  feed_mode: z.string().optional(),
  feed_bound: z.string().optional(),
});

/**
 * For operators and orchestrators: alive, ready, metrics.
 * @param deps readiness, metrics and their token
 * @example
 * ```ts
 * import { createReadiness, type OpsDeps, opsRoutes } from "@libs/http";
 * import { createMetricsRegistry } from "@libs/observability";
 * import { Elysia } from "elysia";
 *
 * const isStopping = () => false;
 * const deps: OpsDeps = {
 *   readiness: createReadiness({ checks: {}, timeoutMs: 2000, maxAgeMs: 500, isStopping }),
 *   registry: createMetricsRegistry(),
 *   metricsToken: process.env.METRICS_TOKEN,
 * };
 * export const app = new Elysia().use(opsRoutes(deps)); // /health/live, /health/ready, /metrics
 * ```
 */
export const opsRoutes = ({ readiness, registry, metricsToken }: OpsDeps) =>
  new Elysia({ name: "ops" })
    .get("/health/live", () => ({ status: "alive" as const }), {
      response: { 200: z.strictObject({ status: z.literal("alive") }) },
      detail: { summary: "The process runs", tags: ["operations"] },
    })
    .get(
      "/health/ready",
      async ({ status, set }) => {
        const { ready, ...details } = await readiness();
        if (ready) return status(200, { status: "ready", ...details });
        set.headers["retry-after"] = "5";
        return status(503, { status: "not_ready", ...details });
      },
      {
        response: { 200: readinessSchema, 503: readinessSchema },
        detail: { summary: "The service's dependencies answer", tags: ["operations"] },
      },
    )
    .get(
      "/metrics",
      async ({ headers, set }) => {
        if (metricsToken === undefined) throw new AuthError("request.not_found");
        if (!matches(headers.authorization, `Bearer ${currentSecret(metricsToken)}`))
          throw new AuthError("token.invalid");
        set.headers["content-type"] = registry.contentType;
        return await registry.metrics();
      },
      { detail: { hide: true } },
    );

function matches(given: string | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
