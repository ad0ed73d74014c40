import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { directUrlOf, migrate } from "@libs/database/migrate";
import { applyRealm } from "@libs/keycloak-realm";
import { DEV_REALM, GATEWAY_CLIENT_ID, LOOPBACK } from "../base/constants.ts";
import { DEV_DIR, ROOT, STACK_FILE } from "../base/paths.ts";
import type { Report } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { lockHolder, tryLock } from "../machine/file-lock.ts";
import { chosenPort, demandFree } from "../machine/ports.ts";
import { identify } from "../machine/process-identity.ts";
import { backchannelLogoutUrl } from "../operator-environment.ts";
import type { Servers } from "../servers.ts";
import { readStackFile, removeStackFile, type StackFile, writeStackFile } from "../stack-file.ts";
import { keptSecrets } from "../stack-secrets.ts";
import { startServers } from "../start-servers.ts";
import { endLeftovers, RECORD_NAME, runDirs } from "../supervisor/leftovers.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { realmIssuer } from "./realm-issuer.ts";
import { runGateway } from "./run-gateway.ts";
import { ANSWER_FILES } from "./screen.ts";
import { databaseStackError, keycloakStackError } from "./server-stack-error.ts";

const LOCK = join(DEV_DIR, "stack.lock");
const SECRETS = join(DEV_DIR, "secrets.json");

export interface SessionOptions {
  gateway: boolean;
  fresh: boolean;
  report: Report;
}

/** The one development stack of this checkout, from start to stop. */
export class StackSession {
  private servers: Servers | undefined;
  private stopping: Promise<void> | undefined;

  private constructor(private readonly options: SessionOptions) {}

  /** @throws StackError when a stack runs already */
  static claim(options: SessionOptions): StackSession {
    mkdirSync(DEV_DIR, { recursive: true, mode: 0o755 });
    if (!tryLock(LOCK)) {
      const at = readStackFile()?.gatewayUrl;
      const pid = lockHolder(LOCK)?.pid;
      throw new StackError(
        `A stack of this checkout is running already (pid ${pid}${at ? `, gateway at ${at}` : ""}).\n` +
          "Stop it with Ctrl-C where it runs; one more gateway on it: PORT=3001 bun run gateway",
      );
    }
    return new StackSession(options);
  }

  /** Whether servers run that this session has to stop. */
  get isUp(): boolean {
    return this.servers !== undefined || Supervisor.anyOpen();
  }

  /** Brings everything up. `ended` settles with a reason when a process ends that should not. */
  async start(): Promise<{ stack: StackFile; ended: Promise<string> }> {
    const { report, fresh, gateway } = this.options;
    await endLeftovers([DEV_DIR, ...runDirs(DEV_DIR)], report);
    removeStackFile();
    const port = chosenPort("gateway");
    if (gateway) demandFree([{ name: "gateway", port }]);
    if (fresh) rmSync(SECRETS, { force: true });
    this.servers = await startServers({
      stateDir: DEV_DIR,
      dataName: "data",
      throwaway: false,
      fresh,
      report,
      disposable: [STACK_FILE, ...ANSWER_FILES.map((file) => join(ROOT, file))],
      jvm: process.env["KEYCLOAK_JVM"] === "keycloak" ? "keycloak" : "quick",
      ports: {
        keycloak: chosenPort("keycloak"),
        management: chosenPort("management"),
        postgres: chosenPort("postgres"),
      },
    });
    const stack = await this.setUp(this.servers, port);
    const supervisor = this.servers.supervisor ?? Supervisor.open(join(DEV_DIR, RECORD_NAME));
    if (gateway) {
      const process = await runGateway(supervisor, stack, { port, log: join(DEV_DIR, "gateway.log") });
      stack.pids.gateway = process.pid;
      report(`Gateway: ready on port ${port}`);
    }
    writeStackFile(stack);
    return { stack, ended: firstEnd(supervisor) };
  }

  /** Stops what was started; may be called at any time and more than once. */
  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  private async stopOnce(): Promise<void> {
    removeStackFile();
    await Supervisor.closeAll();
    await this.servers?.stop();
    rmSync(LOCK, { force: true });
  }

  private async setUp(servers: Servers, port: number): Promise<StackFile> {
    const { report } = this.options;
    const { keycloakUrl, managementUrl, keycloakAdmin, databaseUrl, databaseDirectUrl, versions, pids } = servers;
    const secrets = keptSecrets(SECRETS);
    const realm = process.env["KEYCLOAK_REALM"] || DEV_REALM;
    const clientId = process.env["KEYCLOAK_CLIENT_ID"] || GATEWAY_CLIENT_ID;
    const gatewayUrl = `http://${LOOPBACK}:${port}`;
    const direct = directUrlOf({ DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: databaseDirectUrl });
    await migrate(direct.url, direct).catch(databaseStackError);
    report("Database: migrated");
    const { changes } = await applyRealm({
      keycloakUrl,
      admin: keycloakAdmin,
      realm,
      clientId,
      clientSecret: secrets.clientSecret,
      sslRequired: "none",
      backchannelLogoutUrl: backchannelLogoutUrl(gatewayUrl),
      onVersion: report,
    }).catch((error: unknown) => keycloakStackError(error, { url: keycloakUrl, realm }));
    report(`Realm ${realm}: ${changes.length === 0 ? "as it should be" : `${changes.length} settings made`}`);
    const owner = identify(process.pid) ?? { pid: process.pid, startedAt: "" };
    const urls = { gatewayUrl: this.options.gateway ? gatewayUrl : "", keycloakUrl, managementUrl };
    const issuer = await realmIssuer({ url: keycloakUrl, realm, expected: process.env["KEYCLOAK_ISSUER"] });
    const names = { realm, issuer, clientId, keycloakAdmin, databaseUrl, databaseDirectUrl };
    return { ...urls, ...names, versions, pids: { ...pids }, ...secrets, owner };
  }
}

/** Settles with what to report when a process ends that should not. */
function firstEnd(supervisor: Supervisor): Promise<string> {
  const ends = supervisor.all().map(async ({ name, exited, log }) => {
    await exited;
    return `${name} has ended unexpectedly. Its log is ${log}`;
  });
  return Promise.race(ends.length > 0 ? ends : [new Promise<string>(() => {})]);
}
