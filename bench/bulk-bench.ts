import type { TestStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { authctlEnv } from "../test/support/authctl-process.ts";
import { KeycloakTables } from "../test/support/keycloak-population.ts";
import { realmAdmin } from "../test/support/realm-admin.ts";
import { runAuthctl, runReader, type SideResult } from "./bulk-sides.ts";
import { Comparison, perSecond } from "./comparison.ts";
import { cpuMs } from "./process-cpu.ts";
import { StandIn } from "./stand-in.ts";

/** Of 100,000 users. */
const CROWD_SHARE = 0.03;

/** The parts of `bench:bulk`, on one stack. */
export class BulkBench {
  #tables: KeycloakTables;
  #users = 0;
  /** Of full runs over the large realm. */
  readonly #peaks: number[] = [];

  constructor(
    private readonly stack: TestStack,
    private readonly report: (line: string) => void,
  ) {
    this.#tables = new KeycloakTables(stack);
  }

  async close(): Promise<void> {
    await this.#tables.close();
  }

  async fill(users: number, undated: number): Promise<void> {
    const started = performance.now();
    await this.#tables.fill({ users, undated, ...special(users) });
    this.#users = users;
    this.report(`${users} users in Keycloak's tables after ${seconds(performance.now() - started)}`);
    this.report("Unmeasured, for the JVM:");
    for (const side of ["scan", "pages"] as const) await this.#cold(side, (env) => runReader(env, side));
    const databaseUrl = await this.#newDatabase();
    await this.#cold("sync", (env) => runAuthctl(env, "sync"), databaseUrl);
    this.#peaks.length = 0;
    this.report("Measured:");
  }

  /** Full runs; Keycloak's user cache is emptied before each, and holds a tenth of 100,000 users at most. */
  async rates(rounds: number): Promise<void> {
    const first = new Comparison("first sync", "reading");
    const again = new Comparison("second, unchanged sync", "reading");
    const plain = new Comparison("first sync", "plain pages by offset");
    const reading = () => this.#cold("reading", (env) => runReader(env, "scan"));
    for (let round = 0; round < rounds; round++) {
      const databaseUrl = await this.#newDatabase();
      const sync = (name: string) => this.#cold(name, (env) => runAuthctl(env, "sync"), databaseUrl);
      const firstSync = await byTurns(round, () => sync("first sync"), reading);
      first.add(...firstSync);
      const before = await rowsWritten(databaseUrl);
      again.add(...(await byTurns(round, () => sync("second sync"), reading)));
      this.report(`    rows of users written by the second sync: ${(await rowsWritten(databaseUrl)) - before}`);
      plain.add(firstSync[0], await this.#cold("plain pages", (env) => runReader(env, "pages")));
    }
    console.table([first, again, plain].map((comparison) => comparison.row()));
  }

  /** A sample, in an empty database each time; cold: Keycloak's user cache is emptied before, warm: the sample is in it. */
  async guideLoop(rounds: number, size: number): Promise<void> {
    const sample = await this.#tables.sample(size);
    const rows: Record<string, unknown>[] = [];
    for (const caches of ["cold", "warm"] as const) {
      const comparison = new Comparison(`sync of ${sample.ids.length}, ${caches}`, "guide's loop");
      for (let round = 0; round < rounds; round++) {
        const run = async (name: string, work: (env: Record<string, string>) => Promise<SideResult>) => {
          const databaseUrl = await this.#newDatabase();
          if (caches === "cold") return await this.#cold(name, work, databaseUrl);
          const env = this.#env(databaseUrl);
          await runReader(env, "scan", { from: sample.from, to: sample.to });
          await runReader(env, "guide", { ids: sample.ids.slice(0, 50) });
          const empty = this.#env(await this.#newDatabase());
          return await this.#measured(`${name}, warm`, () => work(empty));
        };
        comparison.add(
          ...(await byTurns(
            round,
            () => run("sync of the sample", (env) => runAuthctl(env, "sync", sample)),
            () => run("guide's loop", (env) => runReader(env, "guide", { ids: sample.ids })),
          )),
        );
      }
      rows.push(comparison.row());
    }
    console.table(rows);
  }

  /** @param users of a smaller realm */
  async memory(users: number): Promise<void> {
    if (this.#peaks.length === 0) {
      const databaseUrl = await this.#newDatabase();
      await this.#cold("first sync", (env) => runAuthctl(env, "sync"), databaseUrl);
      await this.#cold("second sync", (env) => runAuthctl(env, "sync"), databaseUrl);
    }
    const large = Math.max(...this.#peaks);
    const realm = await this.stack.createRealm();
    const databaseUrl = await this.#newDatabase();
    const tables = new KeycloakTables({ databaseUrl, realm: realm.realm });
    await tables.fill({ users, ...special(users) });
    await tables.close();
    const env = authctlEnv({ ...this.stack, ...realm, databaseUrl });
    const peaks: number[] = [];
    for (const name of ["first sync", "second sync"])
      peaks.push((await this.#measured(`${name} of ${users}`, () => runAuthctl(env, "sync"))).peakMiB);
    const small = Math.max(...peaks);
    console.table([
      { users, "peak MiB": Math.round(small) },
      { users: this.#users, "peak MiB": Math.round(large), ratio: Number((large / small).toFixed(2)) },
    ]);
  }

  /** Against a server that makes its users up. */
  async million(users: number): Promise<void> {
    const standIn = await StandIn.start(users);
    try {
      const databaseUrl = await this.#newDatabase();
      const env = authctlEnv({ ...this.stack, databaseUrl, keycloakUrl: standIn.url });
      const rows: Record<string, unknown>[] = [];
      for (const command of ["sync", "sync", "verify"] as const) {
        const tenths: Record<string, number | string> = {};
        for (let percent = 10; percent <= 100; percent += 10) tenths[`${percent} %`] = "";
        const result = await this.#measured(`${command} of ${users} generated users`, () =>
          runAuthctl(env, command, undefined, (scanned, { residentMiB }) => {
            if (scanned > 0) tenths[`${Math.ceil((scanned * 10) / users) * 10} %`] = Math.round(residentMiB);
          }),
        );
        rows.push({ command, "users/s": perSecond(result), "peak MiB": Math.round(result.peakMiB), ...tenths });
      }
      console.log(`Resident memory (MiB) while ${users} generated users are scanned:`);
      console.table(rows);
    } finally {
      await standIn.stop();
    }
  }

  async #cold(
    name: string,
    work: (env: Record<string, string>) => Promise<SideResult>,
    databaseUrl = this.stack.databaseUrl,
  ): Promise<SideResult> {
    const admin = await realmAdmin(this.stack);
    await admin.cache.clearUserCache({ realm: this.stack.realm });
    return await this.#measured(name, () => work(this.#env(databaseUrl)));
  }

  /** Runs one side, and reports its rate and the CPU time of each process. */
  async #measured(name: string, work: () => Promise<SideResult>): Promise<SideResult> {
    const { keycloak, postgres } = this.stack.pids;
    const before = [cpuMs(keycloak), cpuMs(postgres)] as const;
    const result = await work();
    const used = { own: result.cpuMs, keycloak: cpuMs(keycloak) - before[0], postgres: cpuMs(postgres) - before[1] };
    const cpu = Object.entries(used).map(([who, ms]) => `${who} ${((ms * 1000) / result.users).toFixed(0)}`);
    const peak = Number.isNaN(result.peakMiB) ? "" : `, peak ${result.peakMiB.toFixed(0)} MiB`;
    this.report(
      `  ${name}: ${result.users} users in ${seconds(result.ms)} (${perSecond(result)}/s)${peak}; CPU µs a user: ${cpu.join(", ")}`,
    );
    if (result.users >= this.#users && !Number.isNaN(result.peakMiB)) this.#peaks.push(result.peakMiB);
    return result;
  }

  #env(databaseUrl: string): Record<string, string> {
    return authctlEnv({ ...this.stack, databaseUrl });
  }

  async #newDatabase(): Promise<string> {
    return (await this.stack.createDatabase()).url;
  }
}

/** Every second round the other one goes first. */
async function byTurns<T>(round: number, one: () => Promise<T>, other: () => Promise<T>): Promise<[T, T]> {
  if (round % 2 === 0) {
    const result = await one();
    return [result, await other()];
  }
  const result = await other();
  return [await one(), result];
}

async function rowsWritten(databaseUrl: string): Promise<number> {
  const sql = new SQL(databaseUrl, { max: 1 });
  const [row] = await sql`
    SELECT (n_tup_ins + n_tup_upd + n_tup_del)::int AS written FROM pg_stat_user_tables WHERE relname = 'users'`;
  await sql.close();
  return row.written;
}

const special = (users: number) => ({
  crowd: Math.round(users * CROWD_SHARE),
  nameless: Math.round(users / 1000),
  mailless: Math.round(users / 1000),
  disabled: Math.round(users / 50),
});

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
