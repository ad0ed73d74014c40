import { PREFERRED_PORTS } from "../base/constants.ts";
import type { Report } from "../base/report.ts";
import { CONSOLE } from "../supervisor/protocol.ts";
import { holdService } from "./hold-service.ts";
import { runGateway } from "./run-gateway.ts";

/** `bun run gateway`: one more gateway on the running stack, on `PORT` or the next free port from 3001. */
export function gateway(_args: readonly string[], report: Report): Promise<number> {
  return holdService(
    {
      name: "gateway",
      firstPort: PREFERRED_PORTS.gateway.port + 1,
      run: (supervisor, stack, port) => runGateway(supervisor, stack, { port, log: CONSOLE }),
      say: (url) => `Gateway: one more on ${url}`,
    },
    report,
  );
}
