import { join } from "node:path";
import { ROOT } from "../base/paths.ts";
import type { SupervisedProcess, Supervisor } from "../supervisor/supervisor.ts";
import { untilReady } from "./until-ready.ts";

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
  supervisor: Supervisor,
  { app, name, port, env, defaults = {}, log }: ServiceToRun,
): Promise<SupervisedProcess> {
  // A file beside the variable that it stands for would be a fault.
  const isReplaced = (name: string) => name.endsWith("_FILE") && name.slice(0, -"_FILE".length) in env;
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || isReplaced(name) ? [] : [[name, value]],
  );
  const service = await supervisor.run({
    name,
    command: [process.execPath, join(ROOT, "apps", app, "src/main.ts")],
    cwd: ROOT,
    env: { ...defaults, ...Object.fromEntries(inherited), ...env },
    log,
    stopSignal: "SIGTERM",
    graceMs: GRACE_MS,
  });
  await untilReady(service, { name, port });
  return service;
}
