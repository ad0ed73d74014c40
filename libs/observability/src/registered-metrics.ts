import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  type Registry,
} from "prom-client";

/**
 * The registry's gauge of this name; made if there is none yet, so that parts of one process can share it.
 * @param registry the process's
 * @param config name, help and labels
 * @example
 * ```ts
 * import { counterIn, createMetricsRegistry, gaugeIn, histogramIn } from "@libs/observability";
 *
 * const registry = createMetricsRegistry({ service: "orders" });
 * const orders = counterIn(registry, { name: "orders_total", help: "Orders by store.", labelNames: ["store"] });
 * orders.inc({ store: "7d0c…" });
 * gaugeIn(registry, { name: "orders_open", help: "Orders that are not shipped yet." }).set(3);
 * histogramIn(registry, { name: "checkout_seconds", help: "Time of a checkout.", buckets: [0.1, 1] }).observe(0.2);
 * ```
 */
export function gaugeIn<Label extends string>(registry: Registry, config: GaugeConfiguration<Label>): Gauge<Label> {
  const known = registry.getSingleMetric(config.name) as Gauge<Label> | undefined;
  return known ?? new Gauge({ ...config, registers: [registry] });
}

/**
 * The registry's counter of this name; made if there is none yet, so that parts of one process can share it.
 * @param registry the process's
 * @param config name, help and labels
 * @see {@link gaugeIn}
 */
export function counterIn<Label extends string>(
  registry: Registry,
  config: CounterConfiguration<Label>,
): Counter<Label> {
  const known = registry.getSingleMetric(config.name) as Counter<Label> | undefined;
  return known ?? new Counter({ ...config, registers: [registry] });
}

/**
 * The registry's histogram of this name; made if there is none yet, so that parts of one process can share it.
 * @param registry the process's
 * @param config name, help, labels and buckets
 * @see {@link gaugeIn}
 */
export function histogramIn<Label extends string>(
  registry: Registry,
  config: HistogramConfiguration<Label>,
): Histogram<Label> {
  const known = registry.getSingleMetric(config.name) as Histogram<Label> | undefined;
  return known ?? new Histogram({ ...config, registers: [registry] });
}
