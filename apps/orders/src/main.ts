import { ConfigError } from "@libs/http";
import { bufferedStdout, createLogger } from "@libs/observability";
import { compose } from "./compose.ts";
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

const config = loadConfig();
const destination = bufferedStdout();
const logger = createLogger({ level: config.LOG_LEVEL, base: { service: "orders", pid: process.pid }, destination });
process.on("exit", () => destination.flushSync?.());
const service = await compose(config, logger);

async function stop(signal: string): Promise<void> {
  logger.info({ signal }, "stopping: no new requests");
  setTimeout(() => {
    logger.error("stop took too long");
    process.exit(1);
  }, stopLimitMs);
  service.beginStop();
  await Bun.sleep(config.SHUTDOWN_DELAY_MS);
  await service.app.stop();
  await service.close();
  logger.info("stopped");
  process.exit(0);
}

try {
  // Never shared: a second process on the same port would take half of the requests unnoticed.
  service.app.listen({ hostname: config.HOST, port: config.PORT, reusePort: false });
} catch (error) {
  const inUse = (error as { code?: unknown }).code === "EADDRINUSE";
  console.error(
    inUse
      ? `Port ${config.PORT} (PORT) is in use by another process: choose another.`
      : `The service can't listen on ${config.HOST}:${config.PORT}.`,
  );
  process.exit(1);
}
logger.info({ port: service.app.server?.port, startMs: Math.round(performance.now()) }, "listening");
destination.flushSync?.();

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(signal));
