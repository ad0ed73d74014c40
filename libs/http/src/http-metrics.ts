import { counterIn, histogramIn, type Registry } from "@libs/observability";
import type { ObserveResponse } from "./access-log.ts";
import { requestInfo } from "./request-info.ts";

const knownMethods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** `http_requests_total` and `http_request_duration_seconds` by method, route pattern and status. */
export function httpMetrics(registry: Registry): ObserveResponse {
  const requests = counterIn(registry, {
    name: "http_requests_total",
    help: "HTTP requests by method, route pattern and status.",
    labelNames: ["method", "route", "status"],
  });
  const durations = histogramIn(registry, {
    name: "http_request_duration_seconds",
    help: "Time from a request to its answer, in seconds.",
    labelNames: ["method", "route"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  });
  return (request, response) => {
    const { route, startedAt } = requestInfo(request);
    const method = knownMethods.has(request.method) ? request.method : "other";
    requests.inc({ method, route, status: response.status });
    durations.observe({ method, route }, (performance.now() - startedAt) / 1000);
  };
}
