import { type CompareAllUsersDeps, compareAllUsers } from "./compare-all-users.ts";
import type { CountDifference } from "./count-users.ts";
import { isListed } from "./reconcile-listed.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import { newRound } from "./round.ts";

/**
 * One reconciliation of users because counts differ, as fast as allowed: where both sides count the same, nobody is read.
 * Two differences may cancel each other out in one place, so when nobody is found everybody is read after all.
 * Kept in memory: whoever takes over counts again. It is beside the rounds, since who is passed over is not compared.
 */
export class CountedPass {
  #round;
  #steps: AsyncGenerator<void> | undefined;

  /** @param countable whether everybody who is in Keycloak has a created time here, so that spans can be counted */
  constructor(
    readonly difference: CountDifference,
    private countable: boolean,
    readonly startedAt: number,
  ) {
    this.#round = newRound(startedAt, 0);
  }

  /** Differences that were handed on. */
  get found(): number {
    return this.#round.found;
  }

  /** @returns whether it is over. @throws AuthError `keycloak.*`; what the repositories throw */
  async step(run: ReconcileRun<CompareAllUsersDeps>): Promise<boolean> {
    this.#steps ??= compareAllUsers(run, this.#round, { difference: this.difference, bySpans: this.countable });
    if (!(await this.#steps.next()).done) return false;
    // A Keycloak that can't count by time was read as one list: everybody.
    if (!this.countable || this.found > 0 || isListed(this.#round.position)) return true;
    this.countable = false;
    this.#steps = undefined;
    this.#round = newRound(this.startedAt, 0);
    return false;
  }

  /** After a failure: it goes on where it was. */
  async drop(): Promise<void> {
    const steps = this.#steps;
    this.#steps = undefined;
    await steps?.return(undefined).catch(() => {});
  }
}
