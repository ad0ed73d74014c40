// The entry of every command of package.json. On a machine with nothing of the project on it there are no dependencies
// yet: up to the dispatch at the end, nothing but Bun and node built-ins may be imported, directly or through others.

import { consoleReport, type Report } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { keycloakDistribution } from "../keycloak/distribution.ts";
import { findJava } from "../machine/java.ts";
import { ensureGenerated } from "../setup/ensure-generated.ts";
import { ensureInstalled } from "../setup/ensure-installed.ts";

type Command = (args: readonly string[], report: Report) => Promise<number>;

const COMMANDS: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./start.ts")).start,
  stack: async () => (await import("./stack.ts")).stack,
  gateway: async () => (await import("./gateway.ts")).gateway,
  orders: async () => (await import("./orders.ts")).orders,
  test: async () => (await import("./test.ts")).test,
  "test:cluster": async () => (await import("./test-cluster.ts")).testCluster,
};

/** Downloading and building Keycloak takes the longest, so it begins beside the installation. */
function prepareKeycloak(command: string, report: Report): void {
  const needed = command === "start" || command === "stack";
  const java = needed && !process.env["KEYCLOAK_URL"] ? findJava() : undefined;
  // Whoever needs it later calls it again and gets to see its fault.
  if (java) keycloakDistribution(java, report).catch(() => {});
}

async function main(): Promise<number> {
  const [name = "", ...args] = process.argv.slice(2);
  const load = COMMANDS[name];
  if (!load) throw new StackError(`Unknown command "${name}"; there are ${Object.keys(COMMANDS).join(", ")}.`);
  const report = name.startsWith("test")
    ? consoleReport(Date.now(), (text) => process.stderr.write(text))
    : consoleReport();
  prepareKeycloak(name, report);
  await ensureInstalled(report);
  await ensureGenerated(report);
  return (await load())(args, report);
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`${error instanceof StackError ? error.message : (error as Error)?.stack}\n`);
  process.exit(1);
}
