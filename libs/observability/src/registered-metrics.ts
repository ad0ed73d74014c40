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
 * @param registry the process's
 * @param prefix of letters, digits and `_`; it counts for metrics that are made afterwards
 * @throws SetupError `setup.invalid`
 * @example
 * ```ts
 * import { counterIn, prefixMetrics, Registry } from "@libs/observability";
 *
 * const metrics = prefixMetrics(new Registry(), "auth_");
 * counterIn(metrics, { name: "http_requests_total", help: "Requests." }); // auth_http_requests_total
 * ```
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
  const wanted = named(registry, config);
  const known = registry.getSingleMetric(wanted.name) as Gauge<Label> | undefined;
  return known ?? new Gauge({ ...wanted, registers: [registry] });
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
  const wanted = named(registry, config);
  const known = registry.getSingleMetric(wanted.name) as Counter<Label> | undefined;
  return known ?? new Counter({ ...wanted, registers: [registry] });
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
  const wanted = named(registry, config);
  const known = registry.getSingleMetric(wanted.name) as Histogram<Label> | undefined;
  return known ?? new Histogram({ ...wanted, registers: [registry] });
}
