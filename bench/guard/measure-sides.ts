import { percentile } from "../load.ts";
import { cpuMs } from "../process-cpu.ts";
import type { BenchProcess } from "./bench-process.ts";
import { loadHttp } from "./http-load.ts";

export interface Side {
  name: string;
  process: BenchProcess;
  next: () => Uint8Array;
}

export interface Plan {
  rounds: number;
  roundMs: number;
  warmUpMs: number;
  connections: number;
}

/** Of one side in one round. */
interface Round {
  perSecond: number;
  /** Of the server, CPU microseconds a request. */
  cpuUs: number;
  /** Share of one core that the server took: below 1 something else was the limit. */
  load: number;
}

/** The sides take turns, forwards and backwards, so that a machine that slows down slows all of them. */
export async function measureSides(sides: Side[], plan: Plan, report: (line: string) => void): Promise<Figures> {
  for (const { process, next } of sides) await loadHttp(process.port, next, plan.connections, plan.warmUpMs);
  const figures = new Figures(sides.map(({ name }) => name));
  for (let round = 0; round < plan.rounds; round++) {
    report(`round ${round + 1} of ${plan.rounds} …`);
    for (const { name, process, next } of round % 2 === 0 ? sides : sides.toReversed()) {
      const before = cpuMs(process.pid);
      const { calls, seconds, latencies } = await loadHttp(process.port, next, plan.connections, plan.roundMs);
      const usedMs = cpuMs(process.pid) - before;
      const measured = { perSecond: calls / seconds, cpuUs: (usedMs * 1000) / calls, load: usedMs / 1000 / seconds };
      figures.add(name, measured, percentile(latencies, 0.99));
    }
  }
  return figures;
}

export class Figures {
  readonly #rounds: Map<string, { rounds: Round[]; p99s: number[] }>;

  constructor(names: string[]) {
    this.#rounds = new Map(names.map((name) => [name, { rounds: [], p99s: [] }]));
  }

  add(name: string, round: Round, p99Ms: number): void {
    this.#of(name).rounds.push(round);
    this.#of(name).p99s.push(p99Ms);
  }

  /** Median of the rounds. */
  perSecond(name: string): number {
    return median(this.#of(name).rounds.map(({ perSecond }) => perSecond));
  }

  rows(): Record<string, unknown>[] {
    return [...this.#rounds].map(([side, { rounds, p99s }]) => ({
      side,
      "requests/s": Math.round(this.perSecond(side)),
      "p99 ms": rounded(median(p99s)),
      "CPU µs": rounded(median(rounds.map(({ cpuUs }) => cpuUs))),
      "server load": rounded(median(rounds.map(({ load }) => load))),
    }));
  }

  /** Median of the ratios of each round, and how they spread. */
  ratio(side: string, against: string): Record<string, unknown> {
    const pairs = this.#of(side).rounds.map((round, i) => [round, this.#of(against).rounds[i] as Round] as const);
    const ratios = pairs.map(([one, other]) => one.perSecond / other.perSecond).toSorted((a, b) => a - b);
    return {
      side,
      against,
      "throughput ratio": rounded(median(ratios)),
      rounds: `${rounded(ratios[0] ?? Number.NaN)} … ${rounded(ratios.at(-1) ?? Number.NaN)}`,
      "CPU ratio": rounded(median(pairs.map(([one, other]) => other.cpuUs / one.cpuUs))),
      "CPU µs added": rounded(median(pairs.map(([one, other]) => one.cpuUs - other.cpuUs))),
    };
  }

  #of(name: string): { rounds: Round[]; p99s: number[] } {
    const found = this.#rounds.get(name);
    if (!found) throw new Error(`no such side: ${name}`);
    return found;
  }
}

const median = (values: number[]) => percentile(values, 0.5);
const rounded = (value: number) => Number(value.toFixed(2));
