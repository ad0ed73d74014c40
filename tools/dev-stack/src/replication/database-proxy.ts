import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LOOPBACK } from "../base/constants.ts";
import type { Report } from "../base/report.ts";
import { debianProgram } from "../machine/debian-package.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

export interface ProxiedServer {
  port: number;
  /** Of its {@link servePrimaryCheck}. */
  checkPort: number;
}

export interface DatabaseProxyOptions {
  port: number;
  servers: readonly ProxiedServer[];
  /** For its configuration and log. */
  folder: string;
  report: Report;
}

/**
 * HAProxy before PostgreSQL servers: new connections go to the one that says it is the primary. Connections that are open
 * stay where they are, as they do unless `on-marked-down shutdown-sessions` is set.
 * @see https://docs.haproxy.org/2.6/configuration.html#4.2-option%20httpchk
 */
export async function runDatabaseProxy(supervisor: Supervisor, options: DatabaseProxyOptions): Promise<void> {
  const { port, servers, folder, report } = options;
  const { path, env } = await debianProgram("haproxy", { report });
  const file = join(folder, "haproxy.cfg");
  const lines = servers.map(
    (server, index) => `  server node${index} ${LOOPBACK}:${server.port} check port ${server.checkPort}`,
  );
  writeFileSync(
    file,
    `defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
listen postgres
  bind ${LOOPBACK}:${port}
  option httpchk GET /primary
  http-check expect status 200
  default-server inter 300ms fall 1 rise 1
${lines.join("\n")}
`,
  );
  await supervisor.run({
    name: "haproxy",
    command: [path, "-db", "-f", file],
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", ...env },
    log: join(folder, "haproxy.log"),
    stopSignal: "SIGTERM",
    graceMs: 2_000,
  });
}
