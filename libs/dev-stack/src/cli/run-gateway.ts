import { gatewayEnvironment } from "../gateway-environment.ts";
import { GENEROUS_LIMITS } from "../generous-limits.ts";
import type { Keeper, KeptProcess } from "../keeper/keeper.ts";
import type { StackFile } from "../stack-file.ts";
import { runService } from "./run-service.ts";

/** Starts one gateway on the stack and waits until it is ready. @param log a file, or `console` */
export function runGateway(
  keeper: Keeper,
  stack: StackFile,
  { port, log }: { port: number; log: string },
): Promise<KeptProcess> {
  const env = gatewayEnvironment(stack, port);
  return runService(keeper, { app: "api-gateway", name: "gateway", port, env, defaults: GENEROUS_LIMITS, log });
}
