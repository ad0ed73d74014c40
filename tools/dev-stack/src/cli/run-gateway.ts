import { gatewayEnvironment } from "../gateway-environment.ts";
import { GENEROUS_LIMITS } from "../generous-limits.ts";
import type { StackFile } from "../stack-file.ts";
import type { SupervisedProcess, Supervisor } from "../supervisor/supervisor.ts";
import { runService } from "./run-service.ts";

/** Starts one gateway on the stack and waits until it is ready. @param log a file, or `console` */
export function runGateway(
  supervisor: Supervisor,
  stack: StackFile,
  { port, log }: { port: number; log: string },
): Promise<SupervisedProcess> {
  const env = gatewayEnvironment(stack, port);
  const { LOGIN_TURN_WAIT_MS: earlierName } = process.env;
  const defaults = { ...GENEROUS_LIMITS, ...(earlierName && { LOGIN_LOCK_WAIT_MS: earlierName }) };
  return runService(supervisor, { app: "api-gateway", name: "gateway", port, env, defaults, log });
}
