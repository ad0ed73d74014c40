import { spawn } from "node:child_process";
import { ROOT } from "../base/paths.ts";
import { watchRunners } from "./runner-watch.ts";

// No test measures speed, machines are noisy, and Keycloak takes its time; what hangs is still found. Only the command
// line reaches every file: a preload's setDefaultTimeout() holds for the first one.
const TIMEOUT = "--timeout=60000";

/**
 * Runs `bun test`, and ends it when this process is to end.
 * @param variables over those of this process
 * @returns its exit code
 */
export function bunTest(args: readonly string[], variables: Record<string, string> = {}): Promise<number> {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, ["test", TIMEOUT, ...args], { cwd: ROOT, env, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  watchRunners(() => child.kill("SIGTERM"));
  return new Promise((done) => child.once("exit", (code) => done(code ?? 1)));
}
