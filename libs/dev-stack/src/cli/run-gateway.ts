import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LOOPBACK } from "../constants.ts";
import { gatewayEnvironment } from "../gateway-environment.ts";
import { GENEROUS_LIMITS } from "../generous-limits.ts";
import { type Keeper, type KeptProcess, logTail } from "../keeper/keeper.ts";
import { CONSOLE } from "../keeper/protocol.ts";
import { ROOT } from "../paths.ts";
import { StackError } from "../stack-error.ts";
import type { StackFile } from "../stack-file.ts";

const READY_WITHIN_MS = 30_000;
/** The gateway's own limit for its stop is 9 s. */
const GRACE_MS = 12_000;

/** Starts one gateway on the stack and waits until it is ready. @param log a file, or `console` */
export async function runGateway(
  keeper: Keeper,
  stack: StackFile,
  { port, log }: { port: number; log: string },
): Promise<KeptProcess> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const gateway = await keeper.run({
    name: "gateway",
    command: [process.execPath, join(ROOT, "apps/api-gateway/src/main.ts")],
    cwd: ROOT,
    env: { ...GENEROUS_LIMITS, ...Object.fromEntries(inherited), ...gatewayEnvironment(stack, port) },
    log,
    stopSignal: "SIGTERM",
    graceMs: GRACE_MS,
  });
  await ready(gateway, port);
  return gateway;
}

async function ready(gateway: KeptProcess, port: number): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  const answer = () => fetch(`http://${LOOPBACK}:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) });
  while (Date.now() < deadline) {
    if (gateway.exitCode !== undefined) {
      const tail = gateway.log === CONSOLE ? "" : `\n${logTail(gateway.log)}`;
      throw new StackError(`The gateway ended while it started.${tail}`);
    }
    if ((await answer().catch(() => undefined))?.ok) return;
    await delay(50);
  }
  throw new StackError(`The gateway was not ready within ${READY_WITHIN_MS / 1000} s. Its log is ${gateway.log}`);
}
