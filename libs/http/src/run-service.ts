import { bufferedStdout, createLogger, type Logger } from "@libs/observability";
import { watchSecretFiles } from "@libs/observability/secrets";
import { ConfigError, secretFilesOf } from "./read-config.ts";

/**
 * A service that is built and not listening yet.
 * @see {@link runService}
 */
export interface ComposedService {
  app: {
    listen(options: { hostname: string; port: number; reusePort: boolean }): unknown;
    /** Resolves when every request that was taken is answered. */
    stop(): Promise<unknown>;
    server: { port?: number | undefined } | null;
  };
  /** Says 503 on `/health/ready` from now on. */
  beginStop: () => void;
  /** Waits for work that outlived its request, then lets go of what it holds. */
  close: () => Promise<void>;
}

/**
 * The variables that the process itself needs.
 * @see {@link runService}
 */
export interface ServiceConfig {
  HOST: string;
  /** The port to listen on; 0 takes a free one. */
  PORT: number;
  LOG_LEVEL: string;
  /** From "not ready" to the end of listening, in milliseconds. */
  SHUTDOWN_DELAY_MS: number;
}

/**
 * How {@link runService} reads, builds and names a service.
 * @see {@link runService}
 */
export interface ServiceRecipe<Config extends ServiceConfig, Service extends ComposedService> {
  /** In each log line. */
  name: string;
  /** @throws ConfigError */
  readConfig: (env: Record<string, string | undefined>) => Config;
  /** @returns why a service of this configuration must not start, in one sentence; undefined: it may */
  refuse?: (config: Config) => Promise<string | undefined>;
  compose: (config: Config, logger: Logger) => Service | Promise<Service>;
  /** What listens beside the app. */
  listenToo?: (service: Service, config: Config) => void;
  /** Of that: variables that name a port. */
  otherPorts?: (config: Config) => Record<string, number | undefined>;
}

/** A stop that takes longer is cut: an orchestrator would do the same. */
const STOP_LIMIT_MS = 9_000;

/**
 * The life of a service's process: configuration → compose → listen → drain on SIGTERM or SIGINT. Ends it with 1 when it
 * can't start or stop, with words for an operator; with 0 after a drain.
 * @param recipe how this service is read, built and named
 * @param own the process, handed over by the service's `main.ts`: nothing else ends it
 * @example
 * ```ts
 * import { type ComposedService, runService, type ServiceConfig, type ServiceRecipe } from "@libs/http";
 * import { Elysia } from "elysia";
 *
 * const readConfig = (env: Record<string, string | undefined>): ServiceConfig => ({
 *   HOST: "0.0.0.0",
 *   PORT: Number(env.PORT ?? 3100),
 *   LOG_LEVEL: "info",
 *   SHUTDOWN_DELAY_MS: 500,
 * });
 * const recipe: ServiceRecipe<ServiceConfig, ComposedService> = {
 *   name: "prices",
 *   readConfig,
 *   compose: () => ({
 *     app: new Elysia().get("/prices", () => ({ tea: 450 })),
 *     beginStop: () => {},
 *     close: async () => {},
 *   }),
 * };
 * await runService(process, recipe);
 * ```
 */
export async function runService<Config extends ServiceConfig, Service extends ComposedService>(
  own: Pick<NodeJS.Process, "env" | "exit" | "on" | "once" | "pid">,
  recipe: ServiceRecipe<Config, Service>,
): Promise<void> {
  const fail = (message: string): never => {
    console.error(message);
    return own.exit(1);
  };
  const config = loadConfig(() => recipe.readConfig(own.env), fail);
  const refusal = await recipe.refuse?.(config);
  if (refusal) fail(refusal);
  const destination = bufferedStdout();
  const base = { service: recipe.name, pid: own.pid };
  const logger = createLogger({ level: config.LOG_LEVEL, base, destination });
  own.on("exit", () => destination.flushSync?.());
  // What it leaves half-done is unknown: the orchestrator's fresh process is better than this one.
  for (const event of ["uncaughtException", "unhandledRejection"])
    own.on(event, (error: unknown) => {
      logger.fatal({ err: error }, "uncaught error: the process ends");
      own.exit(1);
    });
  const stopWatching = watchSecretFiles(secretFilesOf(config), logger);
  const service = await recipe.compose(config, logger);
  try {
    // Never shared: a second process on the same port would take half of the requests unnoticed.
    service.app.listen({ hostname: config.HOST, port: config.PORT, reusePort: false });
    recipe.listenToo?.(service, config);
  } catch (error) {
    fail(cannotListen(error, config, { PORT: config.PORT, ...recipe.otherPorts?.(config) }));
  }
  logger.info({ port: service.app.server?.port, startMs: Math.round(performance.now()) }, "listening");
  destination.flushSync?.();

  const stop = async (signal: string) => {
    logger.info({ signal }, "stopping: no new requests");
    const limit = setTimeout(() => {
      logger.error("stop took too long");
      own.exit(1);
    }, STOP_LIMIT_MS);
    service.beginStop();
    await Bun.sleep(config.SHUTDOWN_DELAY_MS);
    await service.app.stop();
    await service.close();
    stopWatching();
    clearTimeout(limit);
    logger.info("stopped");
    own.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) own.once(signal, () => void stop(signal));
}

function loadConfig<Config>(read: () => Config, fail: (message: string) => never): Config {
  try {
    return read();
  } catch (error) {
    return fail(error instanceof ConfigError ? error.message : "The configuration can't be read.");
  }
}

function cannotListen(error: unknown, { HOST, PORT }: ServiceConfig, ports: Record<string, number | undefined>) {
  if ((error as { code?: unknown }).code !== "EADDRINUSE") return `The service can't listen on ${HOST}:${PORT}.`;
  const named = Object.entries(ports).flatMap(([name, port]) => (port === undefined ? [] : [`${port} (${name})`]));
  return `Port ${named.join(" or ")} is in use by another process: choose another.`;
}
