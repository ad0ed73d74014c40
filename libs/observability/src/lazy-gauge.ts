import type { GaugeConfiguration, LabelValues, Registry } from "prom-client";

export interface LazyGauge<Label extends string> {
  set(labels: LabelValues<Label>, value: number): void;
}

/**
 * A gauge for a library whose users may have no metrics: `prom-client` is loaded with the first registry that is given.
 * Values are set in the order of the calls, a moment later.
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
