import { GatewayProcess } from "../test/support/gateway-process.ts";
import { residentMiB } from "./process-cpu.ts";

/** Time from the start of the process to the first 200 of `/health/ready`, and its memory when nothing happens. */
export async function measureStart(env: Record<string, string>): Promise<{ readyMs: number[]; idleMiB: number }> {
  const readyMs: number[] = [];
  let idleMiB = 0;
  for (let run = 0; run < 5; run++) {
    const started = performance.now();
    const gateway = await GatewayProcess.start(env);
    while ((await fetch(`${gateway.url}/health/ready`)).status !== 200) await Bun.sleep(5);
    readyMs.push(performance.now() - started);
    if (run === 4) {
      await Bun.sleep(5000);
      idleMiB = residentMiB(gateway.pid);
    }
    await gateway.stop();
  }
  return { readyMs, idleMiB };
}
