import { SetupError } from "@libs/problems";
import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  type Registry,
} from "prom-client";

const prefixes = new WeakMap<Registry, string>();

/**
 * Puts a prefix before the names of all metrics that the libraries put on a registry: for a process whose own metrics have
 * the same names. Without it names are as docs/operations.md lists them.
 * @param prefix of letters, digits and `_`; it counts for metrics that are made afterwards
 * @throws SetupError `setup.invalid`
 * @example
 * const metrics = prefixMetrics(new Registry(), "auth_"); // auth_http_requests_total
 */
export function prefixMetrics(registry: Registry, prefix: string): Registry {
  if (!/^[A-Za-z_]\w*$/.test(prefix))
    throw new SetupError("setup.invalid", "a prefix of metrics has letters, digits and _ only");
  prefixes.set(registry, prefix);
  return registry;
}

function named<Config extends { name: string }>(registry: Registry, config: Config): Config {
  const prefix = prefixes.get(registry);
  return prefix === undefined ? config : { ...config, name: `${prefix}${config.name}` };
}

/** The registry's gauge of this name; made if there is none yet, so that parts of one process can share it. */
export function gaugeIn<Label extends string>(registry: Registry, config: GaugeConfiguration<Label>): Gauge<Label> {
  const wanted = named(registry, config);
  const known = registry.getSingleMetric(wanted.name) as Gauge<Label> | undefined;
  return known ?? new Gauge({ ...wanted, registers: [registry] });
}

/** The same of a counter. */
export function counterIn<Label extends string>(
  registry: Registry,
  config: CounterConfiguration<Label>,
): Counter<Label> {
  const wanted = named(registry, config);
  const known = registry.getSingleMetric(wanted.name) as Counter<Label> | undefined;
  return known ?? new Counter({ ...wanted, registers: [registry] });
}

/** The same of a histogram. */
export function histogramIn<Label extends string>(
  registry: Registry,
  config: HistogramConfiguration<Label>,
): Histogram<Label> {
  const wanted = named(registry, config);
  const known = registry.getSingleMetric(wanted.name) as Histogram<Label> | undefined;
  return known ?? new Histogram({ ...wanted, registers: [registry] });
}
