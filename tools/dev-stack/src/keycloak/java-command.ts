// The bootstrap reads this before anything is installed: nothing but Bun and node built-ins may be imported.
import { join } from "node:path";
import { StackError } from "../base/stack-error.ts";
import type { Java } from "../machine/java.ts";
import { runCommand } from "../machine/run-command.ts";

/**
 * `keycloak`: the options of Keycloak's own `kc.sh`; for benchmarks. `steady`: the same with the serial collector, in less
 * memory; for long test runs. `quick`: with only the first compiler tier as well, ready sooner, but signing a token takes
 * five times as long; for development and single test files.
 */
export type JvmProfile = "quick" | "steady" | "keycloak";

const CHANGED: Record<JvmProfile, string[]> = {
  keycloak: [],
  steady: ["-XX:+UseSerialGC"],
  quick: ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
};
const COLLECTOR = /^-XX:\+Use\w+GC$/;
/** Names the script's process, which has ended by then. */
const SCRIPT_PID = /^-Dkc\.script\.pid=/;

const PRINTER = join(import.meta.dir, "print-arguments.sh");

/**
 * The Java command that the distribution's own `kc.sh` would run, whatever its version. `kc.sh` itself stays in between
 * as a shell, so that its pid is not the server's and a kill of it leaves the server running; therefore the server is
 * started without it.
 * @throws StackError if there is no `kc.sh`, or it fails
 */
export async function keycloakCommand(options: {
  java: Java;
  home: string;
  jvm: JvmProfile;
  args: string[];
}): Promise<string[]> {
  const { java, home, jvm, args } = options;
  const script = join(home, "bin/kc.sh");
  // Nothing else of the environment: it could change the options (JAVA_OPTS, KC_DEBUG and more).
  const env = { PATH: process.env["PATH"], JAVA: PRINTER };
  const { code, output } = await runCommand(["sh", script, ...args], { env });
  if (code !== 0) throw new StackError(`${script} failed: ${output.trim()}`);
  const own = output.trimEnd().split("\n");
  const kept = own.filter((option) => !SCRIPT_PID.test(option) && !(jvm !== "keycloak" && COLLECTOR.test(option)));
  return [java.path, ...CHANGED[jvm], ...kept];
}
