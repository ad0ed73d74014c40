import { expect, test } from "bun:test";
import { Registry } from "@libs/observability";
import { Counter } from "prom-client";
import { serveMetrics } from "./metrics-server.ts";

test("/metrics on a port of its own, and nothing else there", async () => {
  const registry = new Registry();
  new Counter({ name: "things_total", help: "Things.", registers: [registry] }).inc(3);
  const server = serveMetrics({ registry, hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(server as { port?: number }).port}`;
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toStartWith("text/plain");
  expect(await response.text()).toContain("things_total 3");
  expect((await fetch(`${url}/health/live`)).status).toBe(404);
  await server.stop();
});
