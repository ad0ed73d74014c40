import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { LeaseRepository } from "@libs/database";
import { BulkError } from "./bulk-error.ts";
import { InterruptedError } from "./outage-retry.ts";

const BULK_LEASE = "bulk";
const TTL_MS = 6_000;
const RENEW_MS = 1_500;
const CHECK_EVERY_MS = 500;

/**
 * One run at a time, over all machines. What a killed run held ends by itself, so the next waits for a moment. While the
 * database is away nobody has it: it is taken again if no other run came first.
 */
export class BulkLease {
  readonly #holder = randomUUID();
  #fence = 0n;
  #timer: Timer | undefined;

  constructor(private readonly leases: Pick<LeaseRepository, "take" | "release">) {}

  /** @throws BulkError `bulk.already_running`; InterruptedError */
  async acquire(onWaiting: (code: string | null) => void, signal?: AbortSignal): Promise<void> {
    const end = performance.now() + TTL_MS + 2_000;
    while (!(await this.#take())) {
      if (performance.now() >= end)
        throw new BulkError("bulk.already_running", "another run is in progress: wait until it ends, or stop it first");
      onWaiting("bulk.already_running");
      await sleep(CHECK_EVERY_MS, undefined, signal && { signal }).catch(() => {
        throw new InterruptedError();
      });
    }
    onWaiting(null);
    this.#timer = setInterval(() => void this.#take().catch(() => {}), RENEW_MS);
  }

  get current(): { name: string; fence: bigint } {
    return { name: BULK_LEASE, fence: this.#fence };
  }

  /** A write under the lease was refused: takes it again, if nobody else has. @throws BulkError `bulk.lost_lease` */
  async retake(): Promise<void> {
    if (!(await this.#take())) throw lostLease();
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.leases.release(BULK_LEASE, this.#holder).catch(() => {});
  }

  async #take(): Promise<boolean> {
    const fence = await this.leases.take(BULK_LEASE, this.#holder, TTL_MS);
    if (fence !== null) this.#fence = fence;
    return fence !== null;
  }
}

export function lostLease(): BulkError {
  return new BulkError("bulk.lost_lease", "another run has started since: let it finish");
}
