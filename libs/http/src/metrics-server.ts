import type { Registry } from "@libs/observability";

/**
 * What {@link serveMetrics} serves, and where.
 * @see {@link serveMetrics}
 */
export interface MetricsServerOptions {
  registry: Registry;
  hostname: string;
  /** Number of the port; 0 takes a free one. */
  port: number;
}

/**
 * Serves `/metrics` on a port of its own, for a scraper in the same network.
 * @param options.hostname address to listen on
 * @throws Error with `code` `EADDRINUSE` where the port is taken
 * @example
 * ```ts
 * import { type MetricsServerOptions, serveMetrics } from "@libs/http";
 * import { createMetricsRegistry } from "@libs/observability";
 *
 * const options: MetricsServerOptions = { registry: createMetricsRegistry(), hostname: "0.0.0.0", port: 9100 };
 * const metrics = serveMetrics(options);
 * await metrics.stop();
 * ```
 */
export function serveMetrics({ registry, hostname, port }: MetricsServerOptions): { stop: () => Promise<void> } {
  return Bun.serve({
    hostname,
    port,
    routes: {
      "/metrics": async () =>
        new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } }),
    },
    fetch: () => new Response("Not Found", { status: 404 }),
  });
}
