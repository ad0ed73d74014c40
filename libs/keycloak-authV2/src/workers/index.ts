/** Background work over state rows: what a crash or an outage left is finished by any replica. */
export type { Sweep, Wake } from "./sweep.ts";
export { type SweepRunner, type SweepRunnerOptions, startSweeps } from "./sweep-runner.ts";
