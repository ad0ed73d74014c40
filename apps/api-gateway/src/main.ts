import { ConfigError, serveMetrics } from "@libs/http";
import { bufferedStdout, createLogger, type Logger } from "@libs/observability";
import { compose, type Gateway } from "./compose.ts";
import { type Config, readConfig } from "./config.ts";

/** A stop that takes longer is cut: an orchestrator would do the same. */
const stopLimitMs = 9_000;

function loadConfig(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : "The configuration can't be read.");
    process.exit(1);
  }
}

async function stop(signal: string, gateway: Gateway, config: Config, logger: Logger): Promise<void> {
  logger.info({ signal }, "stopping: no new requests");
  const limit = setTimeout(() => {
    logger.error("stop took too long");
    process.exit(1);
  }, stopLimitMs);
  gateway.beginStop();
  await Bun.sleep(config.SHUTDOWN_DELAY_MS);
  await gateway.app.stop();
  await gateway.close();
  clearTimeout(limit);
  logger.info("stopped");
  process.exit(0);
}

const config = loadConfig();
const destination = bufferedStdout();
const logger = createLogger({
  level: config.LOG_LEVEL,
  base: { service: "api-gateway", pid: process.pid },
  destination,
});
process.on("exit", () => destination.flushSync?.());
const gateway = compose(config, logger);

try {
  // Never shared: a second process on the same port would take half of the requests unnoticed.
  gateway.app.listen({ hostname: config.HOST, port: config.PORT, reusePort: false });
  if (config.METRICS_PORT !== undefined) serveMetrics(gateway.registry, config.METRICS_HOST, config.METRICS_PORT);
} catch (error) {
  const code = (error as { code?: unknown }).code;
  console.error(
    code === "EADDRINUSE"
      ? `Port ${config.PORT} (PORT) or ${config.METRICS_PORT ?? "-"} (METRICS_PORT) is in use by another process: choose another.`
      : `The gateway can't listen on ${config.HOST}:${config.PORT}.`,
  );
  process.exit(1);
}
logger.info({ port: gateway.app.server?.port, startMs: Math.round(performance.now()) }, "listening");
destination.flushSync?.();

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void stop(signal, gateway, config, logger));
}
