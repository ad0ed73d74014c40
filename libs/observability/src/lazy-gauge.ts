import type { GaugeConfiguration, LabelValues, Registry } from "prom-client";

/**
 * What {@link lazyGauge} returns.
 * @see {@link lazyGauge}
 */
export interface LazyGauge<Label extends string> {
  /**
   * @param labels values of the gauge's labels
   * @param value number in the unit that the metric's name states
   */
  set(labels: LabelValues<Label>, value: number): void;
}

/**
 * A gauge for a library whose users may have no metrics: `prom-client` is loaded with the first registry that is given.
 * Values are set in the order of the calls, a moment later.
 * @param registry the service's
 * @param config name, help and labels
 * @example
 * ```ts
 * import { type LazyGauge, lazyGauge } from "@libs/observability/lazy-gauge";
 * import { createMetricsRegistry } from "@libs/observability";
 *
 * const config = { name: "orders_waiting", help: "Orders that wait for payment.", labelNames: ["store"] as const };
 * const gauge: LazyGauge<"store"> = lazyGauge(createMetricsRegistry(), config);
 * gauge.set({ store: "7d0c…" }, 3);
 * ```
 */
export function lazyGauge<Label extends string>(
  registry: Registry,
  config: GaugeConfiguration<Label>,
): LazyGauge<Label> {
  const gauge = import("./registered-metrics.ts").then(({ gaugeIn }) => gaugeIn(registry, config));
  // A metric that can't be had, such as one whose name is taken by another kind, is no reason to end the process.
  const ignore = () => {};
  gauge.catch(ignore);
  return { set: (labels, value) => void gauge.then((known) => known.set(labels, value)).catch(ignore) };
}
