import { writeFileSync } from "node:fs";
import { LOOPBACK } from "../base/constants.ts";
import type { DebianProgram } from "../machine/debian-package.ts";
import type { SupervisedProcess, Supervisor } from "../supervisor/supervisor.ts";

/** A server behind the balancer. */
export interface BalancedServer {
  name: string;
  port: number;
  /** Where its health is asked for. */
  healthPort: number;
}

export interface HaproxyOptions {
  program: DebianProgram;
  port: number;
  /** Its own view of the servers, as CSV: https://docs.haproxy.org/2.6/management.html#9.1 */
  statsPort: number;
  servers: readonly BalancedServer[];
  configFile: string;
  log: string;
}

/** Starts HAProxy in the foreground. It listens once the process runs and its configuration is read. */
export function runHaproxy(supervisor: Supervisor, options: HaproxyOptions): Promise<SupervisedProcess> {
  const { program, configFile, log } = options;
  writeFileSync(configFile, haproxyConfiguration(options), { mode: 0o600 });
  return supervisor.run({
    name: "haproxy",
    // -db: one process in the foreground, so that the supervisor's signals reach all of it.
    command: [program.path, "-db", "-f", configFile],
    cwd: "/",
    env: program.env,
    log,
    // Without waiting for open connections, which clients keep for reuse.
    stopSignal: "SIGTERM",
    graceMs: 5_000,
  });
}

/**
 * As Keycloak's guide wants a balancer (https://www.keycloak.org/server/reverseproxy): health from the management
 * port, `X-Forwarded-For` appended. Round robin for every request and no stickiness: whatever depends on the node that
 * answered the call before shows.
 *
 * Where no node is ready the ones that are alive are used. After a crash of the node that coordinates the cluster,
 * Keycloak's protection against a split brain may hold the others unready for a minute, until the dead node's entry in
 * the table `JGROUPS_PING` is stale (`KEYCLOAK_JDBC_PING2.healthStatus` in 26.7: of two coordinators on record the one
 * with the lower id counts). In a real split brain the winning side is ready, so that the losing one gets nothing.
 */
export function haproxyConfiguration(options: Pick<HaproxyOptions, "port" | "statsPort" | "servers">): string {
  const { port, statsPort, servers } = options;
  const nodes = (prefix: string) =>
    servers
      .map(({ name, port: at, healthPort }) => `  server ${prefix}${name} ${LOOPBACK}:${at} check port ${healthPort}`)
      .join("\n");
  return `global
  log stdout format raw local0
  maxconn 2000

defaults
  mode http
  log global
  option httplog
  # Only what went wrong is logged.
  option dontlog-normal
  option forwardfor
  option redispatch
  retries 2
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout queue 5s
  timeout check 2s
  balance roundrobin
  # A JVM that has just started is slow at its first requests: it gets them one by one.
  default-server inter 500ms fall 2 rise 1 slowstart 30s

frontend keycloak
  bind ${LOOPBACK}:${port}
  use_backend alive if { nbsrv(nodes) eq 0 }
  default_backend nodes

backend nodes
  option httpchk GET /health/ready
  http-check expect status 200
${nodes("")}

backend alive
  option httpchk GET /health/live
  http-check expect status 200
${nodes("alive-")}

frontend stats
  bind ${LOOPBACK}:${statsPort}
  stats enable
  stats uri /
`;
}
