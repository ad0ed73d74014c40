import { collectDefaultMetrics, Registry } from "prom-client";

export { Registry } from "prom-client";

/** A registry with the process's own metrics (CPU, memory, event loop). One a process. */
export function createMetricsRegistry(labels: Record<string, string> = {}): Registry {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  collectDefaultMetrics({ register: registry });
  return registry;
}
