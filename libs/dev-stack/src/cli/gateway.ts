import { join } from "node:path";
import { PREFERRED_PORTS } from "../constants.ts";
import { Keeper } from "../keeper/keeper.ts";
import { RECORD_NAME } from "../keeper/leftovers.ts";
import { CONSOLE } from "../keeper/protocol.ts";
import { chosenPort, demandFree, isFree } from "../machine/ports.ts";
import { DEV_DIR } from "../paths.ts";
import type { Report } from "../report.ts";
import { StackError } from "../stack-error.ts";
import { readStackFile } from "../stack-file.ts";
import { runGateway } from "./run-gateway.ts";
import { watchRunners } from "./runner-watch.ts";

/** `bun run gateway`: one more gateway on the running stack, on `PORT` or the next free port from 3001. */
export async function gateway(_args: readonly string[], report: Report): Promise<number> {
  const stack = readStackFile();
  if (!stack) throw new StackError("No stack is running: `bun run start` or `bun run stack` begins one.");
  const port = process.env["PORT"] ? chosenPort("gateway") : await nextFreePort(PREFERRED_PORTS.gateway.port + 1);
  await demandFree([{ name: "gateway", port }]);
  const keeper = Keeper.open(join(DEV_DIR, "runs", `gateway-${port}`, RECORD_NAME), [
    join(DEV_DIR, "runs", `gateway-${port}`),
  ]);
  const asked = new Promise<number>((stop) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));
    watchRunners(() => stop(0));
  });
  try {
    const replica = await runGateway(keeper, stack, { port, log: CONSOLE });
    report(`Gateway: one more on http://127.0.0.1:${port}, until Ctrl-C`);
    return await Promise.race([asked, replica.exited]);
  } finally {
    await keeper.close();
  }
}

async function nextFreePort(from: number): Promise<number> {
  let port = from;
  while (!(await isFree(port))) port += 1;
  return port;
}
