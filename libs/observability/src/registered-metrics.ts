import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  type Registry,
} from "prom-client";

/** The registry's gauge of this name; made if there is none yet, so that parts of one process can share it. */
export function gaugeIn<Label extends string>(registry: Registry, config: GaugeConfiguration<Label>): Gauge<Label> {
  const known = registry.getSingleMetric(config.name) as Gauge<Label> | undefined;
  return known ?? new Gauge({ ...config, registers: [registry] });
}

/** The same of a counter. */
export function counterIn<Label extends string>(
  registry: Registry,
  config: CounterConfiguration<Label>,
): Counter<Label> {
  const known = registry.getSingleMetric(config.name) as Counter<Label> | undefined;
  return known ?? new Counter({ ...config, registers: [registry] });
}

/** The same of a histogram. */
export function histogramIn<Label extends string>(
  registry: Registry,
  config: HistogramConfiguration<Label>,
): Histogram<Label> {
  const known = registry.getSingleMetric(config.name) as Histogram<Label> | undefined;
  return known ?? new Histogram({ ...config, registers: [registry] });
}
