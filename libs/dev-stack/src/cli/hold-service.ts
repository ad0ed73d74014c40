import { join } from "node:path";
import { PREFERRED_PORTS } from "../constants.ts";
import { Keeper, type KeptProcess } from "../keeper/keeper.ts";
import { RECORD_NAME } from "../keeper/leftovers.ts";
import { chosenPort, demandFree, isFree } from "../machine/ports.ts";
import { DEV_DIR } from "../paths.ts";
import type { Report } from "../report.ts";
import { StackError } from "../stack-error.ts";
import { readStackFile, type StackFile } from "../stack-file.ts";
import { watchRunners } from "./runner-watch.ts";

export interface ServiceToHold {
  name: keyof typeof PREFERRED_PORTS;
  /** Where the search for a free port begins, without `PORT`. */
  firstPort: number;
  run(keeper: Keeper, stack: StackFile, port: number): Promise<KeptProcess>;
  /** What is said once it runs. */
  say(url: string): string;
}

/** One more service on the running stack, on its own port or the next free one, until Ctrl-C. */
export async function holdService({ name, firstPort, run, say }: ServiceToHold, report: Report): Promise<number> {
  const stack = readStackFile();
  if (!stack) throw new StackError("No stack is running: `bun run start` or `bun run stack` begins one.");
  const port = process.env[PREFERRED_PORTS[name].env] ? chosenPort(name) : await nextFreePort(firstPort);
  await demandFree([{ name, port }]);
  const folder = join(DEV_DIR, "runs", `${name}-${port}`);
  const keeper = Keeper.open(join(folder, RECORD_NAME), [folder]);
  const asked = new Promise<number>((stop) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));
    watchRunners(() => stop(0));
  });
  try {
    const service = await run(keeper, stack, port);
    report(`${say(`http://127.0.0.1:${port}`)}, until Ctrl-C`);
    return await Promise.race([asked, service.exited]);
  } finally {
    await keeper.close();
  }
}

async function nextFreePort(from: number): Promise<number> {
  let port = from;
  while (!(await isFree(port))) port += 1;
  return port;
}
