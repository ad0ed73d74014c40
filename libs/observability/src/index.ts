/** Logs, metrics and the request's context: what every process of the house shares. */
export { BackgroundTasks } from "./background-tasks.ts";
export {
  bufferedStdout,
  createLogger,
  describeError,
  type Logger,
  type LoggerOptions,
  silentLogger,
} from "./logger.ts";
export { createMetricsRegistry, Registry } from "./metrics-registry.ts";
export { deadlinePassed, type RequestContext, remainingMs, requestContext, withDeadline } from "./request-context.ts";
