import type { Registry } from "@libs/observability";
import { Gauge } from "prom-client";

export interface ProblemGauge {
  set(kind: string, present: boolean): void;
}

const name = "config_problem";
const help = "1 while the configuration has this problem; noticed within 15 seconds.";

/** The metric `config_problem{kind}` on the registry of the process. */
export function problemGauge(registry: Registry): ProblemGauge {
  const gauge =
    (registry.getSingleMetric(name) as Gauge | undefined) ??
    new Gauge({ name, help, labelNames: ["kind"], registers: [registry] });
  return { set: (kind, present) => gauge.set({ kind }, present ? 1 : 0) };
}
