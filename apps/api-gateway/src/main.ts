import { directUrlFault, directUrlOf } from "@libs/database";
import { runService, serveMetrics } from "@libs/http";
import { compose } from "./compose.ts";
import { readConfig } from "./config.ts";

await runService(process, {
  name: "api-gateway",
  readConfig,
  refuse: (config) => directUrlFault(directUrlOf(config)),
  compose,
  listenToo: ({ registry }, { METRICS_HOST, METRICS_PORT }) => {
    if (METRICS_PORT !== undefined) serveMetrics({ registry, hostname: METRICS_HOST, port: METRICS_PORT });
  },
  otherPorts: ({ METRICS_PORT }) => ({ METRICS_PORT }),
});
