import { collectDefaultMetrics, Registry } from "prom-client";

export { Registry } from "prom-client";

/**
 * A registry with the process's own metrics (CPU, memory, event loop). One a process.
 * @param labels of every metric, such as the service's name
 * @see {@link gaugeIn}
 */
export function createMetricsRegistry(labels: Record<string, string> = {}): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  // The default, a timer every 10 ms, keeps an idle process busy.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return registry;
}
