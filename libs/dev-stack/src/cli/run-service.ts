import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LOOPBACK } from "../constants.ts";
import { type Keeper, type KeptProcess, logTail } from "../keeper/keeper.ts";
import { CONSOLE } from "../keeper/protocol.ts";
import { ROOT } from "../paths.ts";
import { StackError } from "../stack-error.ts";

const READY_WITHIN_MS = 30_000;
/** A service's own limit for its stop is 9 s. */
const GRACE_MS = 12_000;

export interface ServiceToRun {
  /** As in `apps/<app>`. */
  app: string;
  /** For messages. */
  name: string;
  port: number;
  /** Over what this process inherited. */
  env: Record<string, string>;
  /** Under what this process inherited. */
  defaults?: Record<string, string>;
  /** A file, or `console`. */
  log: string;
}

/** Starts a service of this checkout and waits until it is ready. */
export async function runService(
  keeper: Keeper,
  { app, name, port, env, defaults = {}, log }: ServiceToRun,
): Promise<KeptProcess> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const service = await keeper.run({
    name,
    command: [process.execPath, join(ROOT, "apps", app, "src/main.ts")],
    cwd: ROOT,
    env: { ...defaults, ...Object.fromEntries(inherited), ...env },
    log,
    stopSignal: "SIGTERM",
    graceMs: GRACE_MS,
  });
  await ready(service, name, port);
  return service;
}

async function ready(service: KeptProcess, name: string, port: number): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  const answer = () => fetch(`http://${LOOPBACK}:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) });
  while (Date.now() < deadline) {
    if (service.exitCode !== undefined) {
      const tail = service.log === CONSOLE ? "" : `\n${logTail(service.log)}`;
      throw new StackError(`The ${name} ended while it started.${tail}`);
    }
    if ((await answer().catch(() => undefined))?.ok) return;
    await delay(50);
  }
  throw new StackError(`The ${name} was not ready within ${READY_WITHIN_MS / 1000} s. Its log is ${service.log}`);
}
