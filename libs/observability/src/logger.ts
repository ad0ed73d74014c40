import pino, { type DestinationStream, type Logger } from "pino";
import { CENSORED, censorNested, SECRET_NAMES } from "./censor-nested.ts";
import { describeError } from "./describe-error.ts";
import { requestContext } from "./request-context.ts";

export type { Logger } from "pino";

/**
 * How {@link createLogger} logs.
 * @see {@link createLogger}
 */
export interface LoggerOptions {
  level?: string;
  /** Fields of every line, such as the service's name. */
  base?: Record<string, unknown>;
  destination?: LogDestination;
}

/** Where lines go; one that buffers is flushed for every warning and error. */
export type LogDestination = DestinationStream & { flushSync?: () => void };

/** How long a line below a warning may wait for others before all are written at once. Milliseconds. */
const flushIntervalMs = 100;

/**
 * Standard output, in batches: a system call a line would cost a busy gateway a tenth of its time.
 * @returns a destination for {@link createLogger}; call `flushSync()` before the process ends
 * @see {@link createLogger}
 */
export function bufferedStdout(): LogDestination {
  return pino.destination({ dest: 1, sync: false, minLength: 8192, periodicFlush: flushIntervalMs });
}

/** Numeric level of a warning. */
const warnLevel = pino.levels.values.warn ?? 40;

/**
 * A JSON logger: one line an event, secrets redacted by name, the request's id on every line written for a request.
 * The fields of a child (`logger.child`) are redacted by their own names alone: keep them flat.
 * @param options one line for each event on standard output, when left out
 * @example
 * ```ts
 * import { bufferedStdout, createLogger, type Logger, type LoggerOptions } from "@libs/observability";
 *
 * const destination = bufferedStdout();
 * const options: LoggerOptions = { level: "info", base: { service: "orders" }, destination };
 * const logger: Logger = createLogger(options);
 * logger.info({ password: "never written" }, "started"); // the value is redacted by its name
 * process.on("exit", () => destination.flushSync?.());
 * ```
 */
export function createLogger({
  level = "info",
  base = {},
  destination = pino.destination({ dest: 1, sync: true }),
}: LoggerOptions = {}): Logger {
  return pino(
    {
      level,
      base,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: censorNested },
      redact: { paths: [...SECRET_NAMES], censor: CENSORED },
      serializers: { err: describeError },
      hooks: {
        logMethod(args, method, levelNumber) {
          method.apply(this, args);
          if (levelNumber >= warnLevel) destination.flushSync?.();
        },
      },
      mixin: () => {
        const requestId = requestContext.get()?.requestId;
        return requestId ? { requestId } : {};
      },
    },
    destination,
  );
}

/**
 * For tests and libraries that were given no logger.
 * @see {@link BackgroundTasks}
 */
export const silentLogger: Logger = pino({ level: "silent" });
