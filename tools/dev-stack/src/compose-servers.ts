import { APP_DATABASE, KEYCLOAK_VERSION, LOOPBACK, POSTGRES_MAJOR, PRODUCT } from "./base/constants.ts";
import { ROOT } from "./base/paths.ts";
import { type Report, withHeartbeat } from "./base/report.ts";
import { StackError } from "./base/stack-error.ts";
import { chosenPort } from "./machine/ports.ts";
import { type CommandResult, runCommand } from "./machine/run-command.ts";
import type { Servers } from "./servers.ts";

type Run = (command: readonly string[]) => Promise<CommandResult>;

const SERVICES = ["postgres", "keycloak"];
const compose = ["docker", "compose", "--project-name", PRODUCT];

/** Whether an engine answers and the client can do Compose. */
export async function composeWorks(run: Run = (command) => runCommand(command, { cwd: ROOT })): Promise<boolean> {
  if ((await run(["docker", "compose", "version"])).code !== 0) return false;
  return (await run(["docker", "info", "--format", "{{.ServerVersion}}"])).code === 0;
}

/**
 * Brings PostgreSQL and Keycloak up as docker-compose.yml describes them.
 * Containers that ran before are left running on `stop`.
 * @throws StackError if they don't come up, or for a `POSTGRES_VERSION` that is not the file's
 */
export async function startCompose(
  report: Report,
  run: Run = (command) => runCommand(command, { cwd: ROOT }),
  env: Record<string, string | undefined> = process.env,
): Promise<Servers> {
  const major = env["POSTGRES_VERSION"] || POSTGRES_MAJOR;
  if (major !== POSTGRES_MAJOR) {
    throw new StackError(
      `docker-compose.yml has PostgreSQL ${POSTGRES_MAJOR} only; POSTGRES_VERSION=${major} needs a Java.`,
    );
  }
  const before = await run([...compose, "ps", "--services", "--status", "running"]);
  const running = new Set(before.output.split("\n").map((line) => line.trim()));
  const ours = SERVICES.filter((service) => !running.has(service));
  const up = () => run([...compose, "up", "--detach", "--wait", ...SERVICES]);
  const { code, output } = await withHeartbeat(report, "Docker Compose: starting PostgreSQL and Keycloak", up);
  if (code !== 0) throw new StackError(`docker compose up failed:\n${output.trim().split("\n").slice(-15).join("\n")}`);
  const password = env["POSTGRES_PASSWORD"] || "postgres";
  return {
    way: "compose",
    keycloakUrl: `http://${LOOPBACK}:${chosenPort("keycloak", env)}`,
    managementUrl: `http://${LOOPBACK}:${chosenPort("management", env)}`,
    keycloakAdmin: {
      username: env["KEYCLOAK_ADMIN_USERNAME"] || "admin",
      password: env["KEYCLOAK_ADMIN_PASSWORD"] || "admin",
    },
    databaseUrl: `postgresql://postgres:${encodeURIComponent(password)}@${LOOPBACK}:${chosenPort("postgres", env)}/${APP_DATABASE}`,
    versions: { keycloak: env["KEYCLOAK_VERSION"] || KEYCLOAK_VERSION, postgres: major },
    pids: {},
    logs: {},
    stop: async () => {
      if (ours.length > 0) await run([...compose, "stop", ...ours]);
    },
  };
}
