import type { Registry } from "@libs/observability";

export interface MetricsServerOptions {
  registry: Registry;
  hostname: string;
  /** 0 takes a free one. */
  port: number;
}

/** Serves `/metrics` on a port of its own, for a scraper in the same network. */
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
