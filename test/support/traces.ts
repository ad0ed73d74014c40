import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayLogs, gatewayMetrics } from "./gateway-process.ts";
import { secretsSeen } from "./secrets-seen.ts";

/** What a process of a test run used and what its gateways wrote. */
export interface Traces {
  secrets: string[];
  logs: string[];
  metrics: string[];
}

/** Those of this process. */
export const ownTraces = (): Traces => ({ secrets: secretsSeen(), logs: gatewayLogs, metrics: gatewayMetrics });

const ENDING = ".traces";
const written = { secrets: 0, logs: 0, metrics: 0 };

/** Adds what is new since the last call to the file of this process. @param folder one for all processes of the run */
export function writeTraces(folder: string): void {
  const { secrets, logs, metrics } = ownTraces();
  const added: Traces = {
    secrets: secrets.slice(written.secrets),
    logs: logs.slice(written.logs),
    metrics: metrics.slice(written.metrics),
  };
  appendFileSync(join(folder, `${process.pid}${ENDING}`), `${JSON.stringify(added)}\n`, { mode: 0o600 });
  Object.assign(written, { secrets: secrets.length, logs: logs.length, metrics: metrics.length });
}

/** Those of all processes that wrote to the folder. */
export function readTraces(folder: string): Traces {
  const parts = readdirSync(folder)
    .filter((name) => name.endsWith(ENDING))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean))
    .map((line) => JSON.parse(line) as Traces);
  return {
    secrets: [...new Set(parts.flatMap(({ secrets }) => secrets))],
    logs: parts.flatMap(({ logs }) => logs),
    metrics: parts.flatMap(({ metrics }) => metrics),
  };
}
