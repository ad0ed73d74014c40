import type { Registry } from "@libs/observability";
import { lazyGauge } from "@libs/observability/lazy-gauge";

export interface ProblemGauge {
  set(kind: string, present: boolean): void;
}

/** The metric `config_problem{kind}` on the registry of the process. */
export function problemGauge(registry: Registry): ProblemGauge {
  const gauge = lazyGauge(registry, {
    name: "config_problem",
    help: "1 while the configuration has this problem; noticed within 15 seconds.",
    labelNames: ["kind"],
  });
  return { set: (kind, present) => gauge.set({ kind }, present ? 1 : 0) };
}
