import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { DEV_DIR } from "../base/paths.ts";
import { identify } from "../machine/process-identity.ts";
import { RECORD_NAME } from "./leftovers.ts";
import { Supervisor } from "./supervisor.ts";

/** A service's own limit for its stop is 9 s; nobody reads what it leaves behind. */
const GRACE_MS = 2_000;

let supervisor: Supervisor | undefined;

/**
 * `Bun.spawn` for the processes of tests and benchmarks: the child ends with this process, however that one ends. Its
 * pipes stay this process's own.
 */
export function spawnSupervised<
  const In extends Bun.SpawnOptions.Writable = "ignore",
  const Out extends Bun.SpawnOptions.Readable = "pipe",
  const Err extends Bun.SpawnOptions.Readable = "inherit",
>(command: string[], options?: Bun.SpawnOptions.SpawnOptions<In, Out, Err>): Bun.Subprocess<In, Out, Err> {
  supervisor ??= open();
  const child = Bun.spawn(command, options);
  const identity = identify(child.pid);
  const name = command
    .slice(0, 2)
    .map((part) => basename(part))
    .join(" ");
  if (identity) supervisor.adopt({ name, identity, stopSignal: "SIGTERM", graceMs: GRACE_MS });
  return child;
}

function open(): Supervisor {
  const folder = join(DEV_DIR, "runs", `spawned-${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(folder, { recursive: true });
  const opened = Supervisor.open(join(folder, RECORD_NAME), [folder]);
  opened.unref();
  return opened;
}
