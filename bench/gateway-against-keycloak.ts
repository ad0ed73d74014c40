import type { TestStack } from "@libs/dev-stack";
import { type LoadResult, percentile, runLoad } from "./load.ts";
import { cpuMs } from "./process-cpu.ts";
import type { Flow, Side } from "./sides.ts";

export interface Comparison {
  flow: Flow;
  concurrency: number;
  gateway: Figures;
  keycloak: Figures;
}

export interface Figures {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU milliseconds a call, by process. */
  cpu: Record<"gateway" | "keycloak" | "postgres", number>;
}

export interface Plan {
  flows: Flow[];
  concurrencies: number[];
  rounds: number;
  roundMs: number;
  warmUpMs: number;
}

/** Compares flow by flow; the two sides take turns, so that a machine that slows down slows both. */
export async function compare(
  sides: { gateway: Side; keycloak: Side },
  pids: { gateway: number } & TestStack["pids"],
  plan: Plan,
  report: (line: string) => void,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  const workers = Math.max(...plan.concurrencies);
  for (const flow of plan.flows) {
    for (const side of Object.values(sides)) {
      await side.prepare(workers);
      await runLoad(side.calls[flow], workers, plan.warmUpMs);
    }
    for (const concurrency of plan.concurrencies) {
      report(`${flow}, concurrency ${concurrency} …`);
      const meters = { gateway: new Meter(pids), keycloak: new Meter(pids) };
      for (let round = 0; round < plan.rounds; round++) {
        const order = round % 2 === 0 ? (["gateway", "keycloak"] as const) : (["keycloak", "gateway"] as const);
        for (const name of order) {
          // Admin tokens end after five minutes.
          await sides[name].prepare(workers);
          await meters[name].run(() => runLoad(sides[name].calls[flow], concurrency, plan.roundMs));
        }
      }
      comparisons.push({ flow, concurrency, gateway: meters.gateway.figures(), keycloak: meters.keycloak.figures() });
    }
  }
  return comparisons;
}

class Meter {
  #calls = 0;
  #seconds = 0;
  readonly #latencies: number[] = [];
  readonly #cpu = { gateway: 0, keycloak: 0, postgres: 0 };

  constructor(private readonly pids: { gateway: number } & TestStack["pids"]) {}

  async run(load: () => Promise<LoadResult>): Promise<void> {
    const before = this.#readCpu();
    const { calls, seconds, latencies } = await load();
    const after = this.#readCpu();
    this.#calls += calls;
    this.#seconds += seconds;
    for (const latency of latencies) this.#latencies.push(latency);
    for (const name of ["gateway", "keycloak", "postgres"] as const) this.#cpu[name] += after[name] - before[name];
  }

  figures(): Figures {
    const perCall = (ms: number) => ms / this.#calls;
    return {
      perSecond: this.#calls / this.#seconds,
      p50Ms: percentile(this.#latencies, 0.5),
      p99Ms: percentile(this.#latencies, 0.99),
      cpu: {
        gateway: perCall(this.#cpu.gateway),
        keycloak: perCall(this.#cpu.keycloak),
        postgres: perCall(this.#cpu.postgres),
      },
    };
  }

  #readCpu() {
    const { gateway, keycloak, postgres } = this.pids;
    return { gateway: cpuMs(gateway), keycloak: cpuMs(keycloak), postgres: cpuMs(postgres) };
  }
}
