import { randomUUID } from "node:crypto";
import type { LeaseRepository } from "@libs/database";

/** How long a lease holds that is not renewed: so long nobody reads when the leader dies. */
const LEASE_MS = 5_000;
const RENEW_MS = 1_500;

/** One replica reads for all: a lease row with a short life, as a lock of a connection may outlive its holder. */
export class FeedLeader {
  readonly #holder = randomUUID();
  #fence: bigint | null = null;
  #takenAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly leases: Pick<LeaseRepository, "take" | "release">,
    /** A clock that only goes forward, in milliseconds. */
    private readonly monotonicMs: () => number = () => performance.now(),
    readonly name = "feed",
  ) {}

  /** Whether this process is the leader, as far as it knows. */
  get leads(): boolean {
    return this.#fence !== null && this.monotonicMs() - this.#takenAt < LEASE_MS;
  }

  /** Takes or renews the lease. @returns its fence, which changes when somebody else had it; null: another has it */
  async take(): Promise<bigint | null> {
    const asked = this.monotonicMs();
    if (this.#fence !== null && asked - this.#takenAt < RENEW_MS) return this.#fence;
    this.#fence = await this.leases.take(this.name, this.#holder, LEASE_MS);
    this.#takenAt = asked;
    return this.#fence;
  }

  /** Somebody else has it: a write under the fence was refused. */
  lost(): void {
    this.#fence = null;
    this.#takenAt = Number.NEGATIVE_INFINITY;
  }

  /** Gives the lease back, so that another goes on at once. */
  async release(): Promise<void> {
    if (this.#fence === null) return;
    this.lost();
    await this.leases.release(this.name, this.#holder);
  }
}
