/** Of one side: how many users, in which time. */
export interface Timed {
  users: number;
  ms: number;
}

/** Two sides that were measured by turns. */
export class Comparison {
  readonly #pairs: [Timed, Timed][] = [];

  constructor(
    private readonly name: string,
    private readonly against: string,
  ) {}

  add(one: Timed, other: Timed): void {
    this.#pairs.push([one, other]);
  }

  /** Of a table: the rates over all rounds, their ratio, and that of each round. */
  row(): Record<string, unknown> {
    const [one, other] = [this.#sum(0), this.#sum(1)];
    return {
      side: this.name,
      "users/s": perSecond(one),
      against: this.against,
      "their users/s": perSecond(other),
      ratio: ratio(one, other),
      rounds: this.#pairs.map((pair) => ratio(...pair)).join(", "),
    };
  }

  #sum(side: 0 | 1): Timed {
    const all = this.#pairs.map((pair) => pair[side]);
    return { users: total(all.map(({ users }) => users)), ms: total(all.map(({ ms }) => ms)) };
  }
}

export function perSecond({ users, ms }: Timed): number {
  return Math.round((users * 1000) / ms);
}

function ratio(one: Timed, other: Timed): number {
  return Number((one.users / one.ms / (other.users / other.ms)).toFixed(2));
}

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
