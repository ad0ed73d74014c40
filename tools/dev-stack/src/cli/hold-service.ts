import { join } from "node:path";
import { LOOPBACK, PREFERRED_PORTS } from "../base/constants.ts";
import { DEV_DIR } from "../base/paths.ts";
import type { Report } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { chosenPort, demandFree, isFree } from "../machine/ports.ts";
import { readStackFile, type StackFile } from "../stack-file.ts";
import { RECORD_NAME } from "../supervisor/leftovers.ts";
import { type SupervisedProcess, Supervisor } from "../supervisor/supervisor.ts";
import { watchRunners } from "./runner-watch.ts";

export interface ServiceToHold {
  name: keyof typeof PREFERRED_PORTS;
  /** Where the search for a free port begins, without `PORT`. */
  firstPort: number;
  run(supervisor: Supervisor, stack: StackFile, port: number): Promise<SupervisedProcess>;
  /** What is said once it runs. */
  say(url: string): string;
  /** What is printed after that. */
  screen?(stack: StackFile, url: string): Promise<string>;
}

/** One more service on the running stack, on its own port or the next free one, until Ctrl-C. */
export async function holdService(service: ServiceToHold, report: Report): Promise<number> {
  const { name, firstPort } = service;
  const stack = readStackFile();
  if (!stack) throw new StackError("No stack is running: `bun run start` or `bun run stack` starts one.");
  const port = process.env[PREFERRED_PORTS[name].env] ? chosenPort(name) : nextFreePort(firstPort);
  demandFree([{ name, port }]);
  const folder = join(DEV_DIR, "runs", `${name}-${port}`);
  const supervisor = Supervisor.open(join(folder, RECORD_NAME), [folder]);
  const asked = new Promise<number>((stop) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));
    watchRunners(() => stop(0));
  });
  try {
    const running = await service.run(supervisor, stack, port);
    const url = `http://${LOOPBACK}:${port}`;
    report(`${service.say(url)}, until Ctrl-C`);
    process.stdout.write((await service.screen?.(stack, url)) ?? "");
    return await Promise.race([asked, running.exited]);
  } finally {
    await supervisor.close();
  }
}

function nextFreePort(from: number): number {
  let port = from;
  while (!isFree(port)) port += 1;
  return port;
}
