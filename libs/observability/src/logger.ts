import pino, { type DestinationStream, type Logger } from "pino";
import { requestContext } from "./request-context.ts";

export type { Logger } from "pino";

/** Names under which a secret could reach a log line by mistake; each is censored at the top and two levels down. */
const secretNames = [
  "password",
  "otp",
  "token",
  "accessToken",
  "refreshToken",
  "idToken",
  "access_token",
  "refresh_token",
  "id_token",
  "clientSecret",
  "client_secret",
  "secret",
  "authorization",
  "cookie",
];

const redactedPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

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

/** Standard output, in batches: a system call a line would cost a busy gateway a tenth of its time. */
export function bufferedStdout(): LogDestination {
  return pino.destination({ dest: 1, sync: false, minLength: 8192, periodicFlush: flushIntervalMs });
}

/** Numeric level of a warning. */
const warnLevel = pino.levels.values.warn ?? 40;

/** A JSON logger: one line an event, secrets redacted by name, the request's id on every line written for a request. */
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
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: "[redacted]" },
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
 * An error for the log: names, codes and our own internal texts. A driver's or a server's message is left out, because
 * it can quote what was sent.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, internal } = error as Error & { code?: unknown; internal?: unknown };
  return {
    name: error.name,
    ...(typeof code === "string" && { code }),
    ...(typeof internal === "string" && { internal }),
    stack: error.stack
      ?.split("\n")
      .filter((line) => line.trimStart().startsWith("at "))
      .slice(0, 6),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** For tests and libraries that were given no logger. */
export const silentLogger: Logger = pino({ level: "silent" });
