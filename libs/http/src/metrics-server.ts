import type { Registry } from "@libs/observability";

/**
 * Serves `/metrics` on a port of its own, for a scraper in the same network.
 * @param registry the process's
 * @param hostname address to listen on
 * @param port number of the port to listen on; 0 takes a free one
 * @throws Error with `code` `EADDRINUSE` where the port is taken
 * @example
 * ```ts
 * import { serveMetrics } from "@libs/http";
 * import { createMetricsRegistry } from "@libs/observability";
 *
 * const metrics = serveMetrics(createMetricsRegistry(), "0.0.0.0", 9100);
 * await metrics.stop();
 * ```
 */
export function serveMetrics(registry: Registry, hostname: string, port: number): { stop: () => Promise<void> } {
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
