/** A user as Keycloak's brief representation has it. */
export interface GeneratedUser {
  id: string;
  username: string;
  email: string;
  firstName: string;
  lastName: string;
  emailVerified: boolean;
  enabled: boolean;
  createdTimestamp: number;
}

const BEGIN_MS = Date.UTC(2023, 0, 1);
/** Between two users. */
const STEP_MS = 90_000;
/** So many share one millisecond, from the middle on. */
const CROWD = 20_000;
const ID = /^00000000-0000-4000-8000-([0-9a-f]{12})$/;

/** Any number of users that nobody stores: everything about one follows from its number. */
export class GeneratedUsers {
  readonly #crowdFrom: number;

  constructor(readonly size: number) {
    this.#crowdFrom = Math.floor(size / 2);
  }

  /** Users created in a window, in the order of time. @param to inclusive */
  range(from: number, to: number): { begin: number; end: number } {
    return { begin: this.#firstAt(from), end: this.#firstAt(to + 1) };
  }

  at(n: number): GeneratedUser {
    return {
      id: `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
      username: `ada-${n}`,
      email: `ada-${n}@example.com`,
      firstName: "Ada",
      lastName: `Byron ${n}`,
      emailVerified: n % 3 > 0,
      enabled: n % 50 > 0,
      createdTimestamp: this.#createdAt(n),
    };
  }

  find(id: string): GeneratedUser | undefined {
    const n = Number.parseInt(ID.exec(id)?.[1] ?? "", 16);
    return n < this.size ? this.at(n) : undefined;
  }

  #createdAt(n: number): number {
    const inCrowd = n >= this.#crowdFrom && n < this.#crowdFrom + CROWD;
    return BEGIN_MS + (inCrowd ? this.#crowdFrom : n) * STEP_MS;
  }

  /** The first user created then or later. */
  #firstAt(at: number): number {
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#createdAt(middle) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
