import { expect } from "bun:test";
import { disagreement, inStep } from "./agreement.ts";
import { AuthClient } from "./auth-client.ts";
import { eventually } from "./eventually.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { KeycloakTables } from "./keycloak-population.ts";
import { MixedTraffic } from "./mixed-traffic.ts";
import { newPerson } from "./person.ts";
import type { Replicas } from "./replicas.ts";

/** The longest that calls may fail after a node is gone, in milliseconds. */
const BACK_WITHIN_MS = 10_000;

/** Few enough for two nodes, HAProxy and PostgreSQL on one small machine: what fails here is not to be overload. */
const WORKERS = 3;
const FEW_LOGINS = { KEYCLOAK_HASHING_CONCURRENCY: "2" };

/** Traffic on two replicas of the gateway, while something happens to the Keycloak behind them. */
export class ClusterLoad {
  readonly traffic: MixedTraffic;
  readonly #done: Promise<void>;

  private constructor(
    private readonly replicas: Replicas,
    readonly gateways: GatewayProcess[],
  ) {
    this.traffic = new MixedTraffic(() => gateways.map(({ url }) => url));
    this.#done = this.traffic.run(WORKERS);
  }

  /**
   * Starts it, has `during` do its work once everything that people do has been answered, and then checks that nothing
   * was lost and nothing was left behind. The gateways have stopped when it returns.
   * @param options.answersAreLost whether Keycloak's answers to logins can be lost on their way
   */
  static async run(
    replicas: Replicas,
    during: (load: ClusterLoad) => Promise<void>,
    { answersAreLost = false } = {},
  ): Promise<void> {
    const gateways = await Promise.all([0, 1].map(() => replicas.start("directly", FEW_LOGINS)));
    await warmUp(gateways);
    const load = new ClusterLoad(replicas, gateways);
    const died: string[] = [];
    for (const gateway of gateways)
      void gateway.exited.then((code) => died.push(`ended with ${code}: ${gateway.output.slice(-2_000)}`));
    try {
      await load.flows();
      load.traffic.failures.length = 0;
      await during(load);
      load.traffic.stop();
      await load.#done;
      await load.#check(answersAreLost);
    } finally {
      const diedUnderLoad = [...died];
      load.traffic.stop();
      await load.#done;
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      // Whatever else has failed, this would be the reason.
      expect(diedUnderLoad).toEqual([]);
    }
  }

  /** Waits until people have registered, logged in, refreshed and logged out, from now on. */
  async flows(atLeast = 5): Promise<void> {
    const before = { ...this.traffic.counts };
    await eventually(() => {
      for (const outcome of ["register 201", "login 200", "refresh 200", "logout 200"])
        expect((this.traffic.counts[outcome] ?? 0) - (before[outcome] ?? 0)).toBeGreaterThanOrEqual(atLeast);
    }, 120_000);
  }

  /**
   * Makes something fail under load and prints how many calls failed. None may begin later than ten seconds after it.
   * @param extraMs how much longer than that calls are watched
   */
  async recoversFrom(what: string, failure: () => Promise<unknown>, extraMs = 2_000): Promise<void> {
    const startedAt = performance.now();
    await failure();
    await Bun.sleep(BACK_WITHIN_MS + extraMs);
    await this.flows();
    expect(this.#reportSince(startedAt, what).untilMs).toBeLessThanOrEqual(BACK_WITHIN_MS);
  }

  /** Does something under load and prints how many calls failed meanwhile. */
  async during(what: string, work: () => Promise<unknown>): Promise<void> {
    const startedAt = performance.now();
    await work();
    await this.flows(10);
    this.#reportSince(startedAt, what);
  }

  #reportSince(startedAt: number, what: string): { untilMs: number } {
    const { failed, untilMs, kinds } = this.#failuresSince(startedAt);
    const seconds = (untilMs / 1000).toFixed(1);
    const found =
      failed === 0 ? "no call failed" : `${failed} calls failed, the last began after ${seconds} s (${kinds})`;
    console.log(`${what}: ${found}`);
    return { untilMs };
  }

  /**
   * What failed from that time on: how many calls, and how long after it the last of them began, in milliseconds.
   * @param at of {@link performance}
   */
  #failuresSince(at: number): { failed: number; untilMs: number; kinds: string } {
    const failures = this.traffic.failures.filter(({ endedAt }) => endedAt >= at);
    const kinds = Map.groupBy(failures, ({ outcome }) => outcome);
    return {
      failed: failures.length,
      untilMs: Math.max(0, ...failures.map(({ startedAt }) => startedAt - at)),
      kinds: [...kinds].map(([outcome, of]) => `${outcome}: ${of.length}`).join(", "),
    };
  }

  async #check(answersAreLost: boolean): Promise<void> {
    const { traffic, replicas } = this;
    expect(traffic.forbidden).toEqual([]);
    expect(traffic.wronglyRefused).toEqual([]);
    expect(traffic.lostSessions).toEqual([]);
    await eventually(async () => expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep), 60_000);
    await this.#loggedInGoOn();
    await this.#loggedOutAreOut();
    // The other way round: nobody is left who got no answer.
    // Only a login whose answer never came may leave its session until the idle time: nobody knows which it is.
    const lostLogins = traffic.failures.filter(({ outcome }) => outcome.startsWith("login ")).length;
    await eventually(async () => {
      const left = await this.#sessionsWithoutOwner();
      if (answersAreLost) expect(left.length).toBeLessThanOrEqual(lostLogins);
      else expect(left).toEqual([]);
    }, 30_000);
    await traffic.expectLogins((index) => this.#client(index));
  }

  #client(index: number): AuthClient {
    return new AuthClient(this.gateways[index % this.gateways.length]?.url ?? "");
  }

  async #loggedInGoOn(): Promise<void> {
    const lost: string[] = [];
    for (const [index, { session }] of this.traffic.loggedIn.entries()) {
      const { sessionId, refreshToken } = session;
      const { status, raw } = await this.#client(index).refresh({ sessionId, refreshToken });
      if (status !== 200) lost.push(raw);
    }
    expect(lost).toEqual([]);
  }

  async #loggedOutAreOut(): Promise<void> {
    const { sql } = this.replicas;
    await eventually(async () => expect(await sql`SELECT 1 FROM keycloak_logouts`).toHaveLength(0), 60_000);
    const left = await this.#keycloakSessions();
    expect(this.traffic.loggedOut.filter(({ keycloakSessionId }) => left.has(keycloakSessionId))).toEqual([]);
  }

  /** Sessions of Keycloak that nobody has got: no live row is theirs. */
  async #sessionsWithoutOwner(): Promise<string[]> {
    const { sql } = this.replicas;
    const rows: { id: string }[] = await sql`SELECT keycloak_session_id AS id FROM sessions WHERE ended_at IS NULL`;
    const owned = new Set(rows.map(({ id }) => id));
    return [...(await this.#keycloakSessions())].filter((id) => !owned.has(id));
  }

  /** All of the realm's people, from Keycloak's own table. */
  async #keycloakSessions(): Promise<Set<string>> {
    const tables = new KeycloakTables(this.replicas.stack);
    try {
      return new Set(await tables.sessionIds());
    } finally {
      await tables.close();
    }
  }
}

/** One journey after the other until both nodes have served some: the first calls to a new Keycloak take seconds. */
async function warmUp(gateways: readonly GatewayProcess[]): Promise<void> {
  for (let round = 0; round < 4; round++) {
    for (const { url } of gateways) {
      const client = new AuthClient(url);
      await eventually(async () => {
        // Somebody else each time: Keycloak may still be at a login that was too slow for its caller.
        const person = newPerson();
        expect((await client.register(person)).status).toBe(201);
        expect((await client.login(person)).status).toBe(200);
      }, 120_000);
    }
  }
}
