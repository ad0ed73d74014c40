import type { Report } from "../base/report.ts";
import { holdStack } from "./hold-stack.ts";
import { stackScreen } from "./screen.ts";

/** `bun run stack [--fresh]`: Keycloak and PostgreSQL, migrated and set up, for a gateway run by hand. */
export function stack(args: readonly string[], report: Report): Promise<number> {
  return holdStack({ gateway: false, args, report, screen: stackScreen });
}
