import type KcAdminClient from "@keycloak/keycloak-admin-client";
import type { TestStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { AuthClient } from "../test/support/auth-client.ts";
import { AuthctlProcess } from "../test/support/authctl-process.ts";
import { eventually } from "../test/support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "../test/support/gateway-process.ts";
import { KeycloakTables } from "../test/support/keycloak-population.ts";
import { KeycloakRows } from "../test/support/keycloak-rows.ts";
import { newPerson } from "../test/support/person.ts";
import { realmAdmin } from "../test/support/realm-admin.ts";
import { cpuMs } from "./process-cpu.ts";
import { SilentSessions } from "./silent-sessions.ts";

const MINUTE_MS = 60_000;

/** One gateway, many users, no events: see `bench/reconcile.ts`. */
export class ReconcileBench {
  readonly #sql: SQL;
  readonly #tables: KeycloakTables;
  readonly #rows: KeycloakRows;
  readonly #results: Record<string, unknown>[] = [];
  readonly #found: Record<string, unknown>[] = [];
  #gateway: GatewayProcess | undefined;

  private constructor(
    private readonly stack: TestStack,
    private readonly admin: KcAdminClient,
    private readonly periodMs: number,
    private readonly report: (line: string) => void,
  ) {
    this.#sql = new SQL(stack.databaseUrl, { max: 1 });
    this.#tables = new KeycloakTables(stack);
    this.#rows = new KeycloakRows(stack);
  }

  static async open(stack: TestStack, periodMs: number, report: (line: string) => void): Promise<ReconcileBench> {
    const admin = await realmAdmin(stack);
    await admin.realms.updateConfigEvents({ realm: stack.realm }, { eventsEnabled: false, adminEventsEnabled: false });
    return new ReconcileBench(stack, admin, periodMs, report);
  }

  async close(): Promise<void> {
    await Promise.all([this.#sql.close(), this.#tables.close(), this.#rows.close()]);
  }

  /** @param sessions live sessions, each of another user */
  async populate(users: number, sessions: number): Promise<void> {
    this.report(`${users} users into Keycloak …`);
    await this.#tables.fill({ users, disabled: Math.floor(users / 1_000) });
    this.report("… and into the local database …");
    const sync = AuthctlProcess.start(gatewayEnv(this.stack), ["users", "sync"], () => {});
    await sync.result();
    this.report(`${sessions} live sessions on both sides …`);
    const gateway = await this.#start({ RECONCILE_ENABLED: "false" });
    const client = new AuthClient(gateway.url);
    const person = newPerson();
    await client.register(person);
    const { body } = await client.login(person);
    await new SilentSessions(this.stack, this.#sql).copy(body.sessionId, sessions);
    await gateway.stop();
    // The first round goes as fast as it may, and is not what is measured.
    const first = await this.#start({});
    this.report("the first round …");
    await eventually(async () => {
      const rows = await this.#sql`SELECT position->'previous' AS previous FROM sync_cursors
        WHERE source IN ('reconcile_users', 'reconcile_sessions')`;
      if (rows.length < 2 || rows.some((row: { previous: unknown }) => row.previous === null))
        throw new Error("not yet");
    }, 120 * MINUTE_MS);
    await first.stop();
  }

  /** Watches one gateway at rest: calls, and CPU of each process. It runs on. */
  async rest(what: string, seconds: number, env: Record<string, string>): Promise<void> {
    await this.#gateway?.stop();
    const gateway = await this.#start(env);
    this.#gateway = gateway;
    await Bun.sleep(5_000);
    this.report(`${what}: ${seconds} s …`);
    const pids = { ...this.stack.pids, gateway: gateway.pid };
    const before = Object.entries(pids).map(([name, pid]) => [name, pid, cpuMs(pid)] as const);
    const calls = await keycloakCalls(gateway);
    const from = performance.now();
    await Bun.sleep(seconds * 1000);
    const elapsedMs = performance.now() - from;
    const cpu = before.map(([name, pid, used]) => [
      `${name} CPU %`,
      Number((((cpuMs(pid) - used) / elapsedMs) * 100).toFixed(1)),
    ]);
    const made = (await keycloakCalls(gateway)) - calls;
    const rate = Number((made / (elapsedMs / 1000)).toFixed(2));
    const result = { what, "Keycloak calls/s": rate, ...Object.fromEntries(cpu) };
    this.#results.push(result);
    this.report(JSON.stringify(result));
  }

  /** Silent changes of each kind, and when they were found. */
  async plant(): Promise<void> {
    const someone = async (which = "true"): Promise<string> => {
      const [row] = await this.#sql.unsafe(`
        SELECT id FROM users WHERE deleted_at IS NULL AND enabled AND username LIKE 'ada-%' AND ${which}
        ORDER BY random() LIMIT 1`);
      return row.id;
    };
    const row = async (id: string) => (await this.#sql`SELECT * FROM users WHERE id = ${id}`)[0];
    const { users } = this.admin;
    const deleted = await someone();
    await this.#time(
      "deleted",
      () => users.del({ id: deleted }),
      async () => (await row(deleted)).deleted_at !== null,
    );
    const gone = await someone();
    await this.#time(
      "deleted by SQL",
      () => this.#rows.delete(gone),
      async () => (await row(gone)).deleted_at !== null,
    );
    const off = await someone();
    await this.#time(
      "disabled",
      () => users.update({ id: off }, { enabled: false }),
      async () => !(await row(off)).enabled,
    );
    const hidden = await someone();
    await this.#time(
      "disabled by SQL",
      () => this.#rows.disable(hidden),
      async () => !(await row(hidden)).enabled,
    );
    const { username, email } = newPerson();
    const rep = { username, email, firstName: "A", lastName: "B", enabled: true };
    let made = "";
    const create = async () => {
      made = (await users.create(rep)).id;
    };
    await this.#time("created", create, async () => (await row(made)) !== undefined);
    const renamed = await someone();
    const rename = () => users.update({ id: renamed }, { lastName: "Renamed" });
    await this.#time("renamed", rename, async () => (await row(renamed)).last_name === "Renamed");
    const [session] = await this.#sql`
      SELECT session_id, keycloak_session_id FROM sessions WHERE ended_at IS NULL ORDER BY random() LIMIT 1`;
    if (!session) return;
    const end = () =>
      this.admin.realms.deleteSession({
        realm: this.stack.realm,
        session: session.keycloak_session_id,
        isOffline: false,
      });
    await this.#time("session ended", end, async () => {
      const [now] = await this.#sql`SELECT ended_at FROM sessions WHERE session_id = ${session.session_id}`;
      return now.ended_at !== null;
    });
  }

  print(): void {
    console.table(this.#results);
    console.table(this.#found);
  }

  async #start(env: Record<string, string>): Promise<GatewayProcess> {
    const RECONCILE_PERIOD_MS = String(this.periodMs);
    return await GatewayProcess.start(gatewayEnv(this.stack, { LOG_LEVEL: "info", RECONCILE_PERIOD_MS, ...env }));
  }

  async #time(change: string, make: () => Promise<unknown>, isFound: () => Promise<boolean>): Promise<void> {
    this.report(`${change} …`);
    const from = performance.now();
    await make();
    await eventually(
      async () => {
        if (!(await isFound())) throw new Error(`${change}: not found`);
      },
      2 * this.periodMs + 10 * MINUTE_MS,
    );
    const found = { change, "found after s": Number(((performance.now() - from) / 1000).toFixed(1)) };
    this.#found.push(found);
    this.report(JSON.stringify(found));
  }
}

async function keycloakCalls(gateway: GatewayProcess): Promise<number> {
  const lines = (await gateway.metrics()).matchAll(/^keycloak_requests_total\{[^}]*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}
