import type { Report } from "../base/report.ts";
import { holdStack } from "./hold-stack.ts";
import { startScreen } from "./screen.ts";

/** `bun run start [--fresh]`: Keycloak, PostgreSQL and the gateway, until Ctrl-C. */
export function start(args: readonly string[], report: Report): Promise<number> {
  return holdStack({ gateway: true, args, report, screen: startScreen });
}
