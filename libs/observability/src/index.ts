/** Logs, metrics and the request's context: what every process of this repository shares. */
export { type BackOff, backOffMs, withJitter } from "./back-off.ts";
export { BackgroundTasks } from "./background-tasks.ts";
export { describeError } from "./describe-error.ts";
export { type LazyGauge, lazyGauge } from "./lazy-gauge.ts";
export {
  bufferedStdout,
  createLogger,
  type Logger,
  type LoggerOptions,
  silentLogger,
} from "./logger.ts";
export { createMetricsRegistry, Registry } from "./metrics-registry.ts";
export { counterIn, gaugeIn, histogramIn, prefixMetrics } from "./registered-metrics.ts";
export { deadlinePassed, type RequestContext, remainingMs, requestContext, withDeadline } from "./request-context.ts";
export { type OnDone, takeBackOnFailure } from "./take-back-on-failure.ts";
export { waitAtMost } from "./wait-at-most.ts";
