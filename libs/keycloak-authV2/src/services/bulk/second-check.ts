import { setTimeout as sleep } from "node:timers/promises";
import type { UserRepository } from "@libs/database";
import type { BulkRun } from "./bulk-run.ts";
import { compareUser } from "./compare-users.ts";
import type { Difference } from "./difference.ts";
import { type ReadByIdDeps, readById } from "./read-by-id.ts";

/** For {@link SecondCheck}. */
export type SecondCheckDeps = { users: Pick<UserRepository, "findByIds"> } & ReadByIdDeps;

/** Users that wait for their second check, at most: the scan waits for them then. */
const MOST_WAITING = 2_000;
const BATCH = 245;
/** Somebody who changes all the time is checked so often; what differs then is reported. */
const MOST_CHECKS = 5;

interface Waiting {
  userId: string;
  /** The differences of the last check, to be compared with those of the next. */
  seen: string;
  checks: number;
  dueAt: number;
}

/** Users that differed are checked again after a while: what differs in the same way twice is no change on its way. */
export class SecondCheck {
  readonly #waiting: Waiting[] = [];

  constructor(
    private readonly run: BulkRun<SecondCheckDeps>,
    private readonly settleMs: number,
    private readonly report: (differences: Difference[]) => Promise<void>,
  ) {}

  async add(differences: readonly Difference[]): Promise<void> {
    for (const [userId, own] of byUser(differences)) this.#wait(userId, own, 1);
    while (this.#waiting.length > MOST_WAITING) await this.#handleNext();
    await this.#handleDue();
  }

  /** Waits for all that is left. @returns false when it was interrupted */
  async drain(): Promise<boolean> {
    while (this.#waiting.length > 0) {
      if (this.run.interrupted()) return false;
      await this.#handleNext();
    }
    return true;
  }

  async #handleDue(): Promise<void> {
    while ((this.#waiting[0]?.dueAt ?? Number.POSITIVE_INFINITY) <= performance.now()) await this.#handleNext();
  }

  async #handleNext(): Promise<void> {
    const [first] = this.#waiting;
    if (!first) return;
    await sleep(Math.max(0, first.dueAt - performance.now()));
    const due = this.#waiting.findIndex(({ dueAt }) => dueAt > performance.now());
    const batch = this.#waiting.splice(0, Math.min(BATCH, due < 0 ? this.#waiting.length : due));
    const now = await this.#compare(batch.map(({ userId }) => userId));
    const certain: Difference[] = [];
    for (const { userId, seen, checks } of batch) {
      const differences = now.get(userId) ?? [];
      if (differences.length === 0) continue;
      if (JSON.stringify(differences) === seen || checks >= MOST_CHECKS) certain.push(...differences);
      else this.#wait(userId, differences, checks + 1);
    }
    if (certain.length > 0) await this.report(certain);
  }

  #wait(userId: string, differences: readonly Difference[], checks: number): void {
    this.#waiting.push({ userId, checks, seen: JSON.stringify(differences), dueAt: performance.now() + this.settleMs });
  }

  async #compare(ids: readonly string[]): Promise<Map<string, Difference[]>> {
    const { users } = this.run.deps;
    const { found, unreadable } = await readById(this.run, ids);
    const rows = await this.run.retry.run(() => users.findByIds(ids));
    const local = new Map(rows.map((row) => [row.id, row]));
    const known = ids.filter((id) => !unreadable.has(id));
    return new Map(known.map((id) => [id, compareUser(found.get(id) ?? null, local.get(id) ?? null)]));
  }
}

function byUser(differences: readonly Difference[]): Map<string, Difference[]> {
  return Map.groupBy(differences, ({ userId }) => userId);
}
