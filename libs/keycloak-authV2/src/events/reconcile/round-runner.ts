import type { FeedRepository } from "@libs/database";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";
import type { ReconcileState } from "./reconcile-run.ts";
import {
  addMark,
  dueAt,
  finishRound,
  type Mark,
  newRound,
  newState,
  oldestAt,
  type Round,
  type RoundState,
  readState,
} from "./round.ts";

/** For {@link RoundRunner}. */
export type RoundRunnerDeps = Pick<SyncDeps, "now"> & {
  feed: Pick<FeedRepository, "readPosition" | "storeEvents">;
};

/** One kind of round: what it compares, and where it is. */
export interface RoundKind {
  /** Of its row in `sync_cursors`. */
  source: string;
  /** How many it will be about. */
  countAll(): Promise<number>;
  steps(state: ReconcileState, round: Round): AsyncGenerator<void>;
  /** Where a round is, as something that grows. */
  keyOf(position: unknown): Mark["key"];
  /** How many of these, which are in order, a round has reached. */
  countReached(key: Mark["key"], keys: Mark["key"][]): Promise<number>;
  /** So many differences were found. */
  onFound(count: number): void;
}

/** Drives the rounds of one kind, a step at a time; what is stored after each step is where another replica goes on. */
export class RoundRunner {
  #state: RoundState | undefined;
  #steps: AsyncGenerator<void> | undefined;

  constructor(
    private readonly deps: RoundRunnerDeps,
    private readonly kind: RoundKind,
    private readonly periodMs: number,
  ) {}

  get state(): RoundState | undefined {
    return this.#state;
  }

  /** Reads where the rounds are. @throws DatabaseError */
  async load(): Promise<void> {
    await this.drop();
    const stored = await this.deps.feed.readPosition(this.kind.source);
    this.#state = readState(stored?.position, this.deps.now().getTime(), this.periodMs);
  }

  /** Forgets what is in memory: another replica has the lease, or a step failed. */
  async drop(): Promise<void> {
    const steps = this.#steps;
    this.#steps = undefined;
    await steps?.return(undefined).catch(() => {});
  }

  isDue(now: number): boolean {
    return this.#state !== undefined && now >= dueAt(this.#state, now);
  }

  /**
   * Makes one step, and stores where it is.
   * @throws AuthError `keycloak.*`; LostLease; what the repositories throw
   */
  async step(replica: ReconcileState, lease: { name: string; fence: bigint }): Promise<void> {
    const state = this.#state ?? newState(this.deps.now().getTime(), this.periodMs);
    this.#state = state;
    state.current ??= newRound(this.deps.now().getTime(), await this.kind.countAll());
    const round = state.current;
    this.#steps ??= this.kind.steps(replica, round);
    const before = round.found;
    const { done } = await this.#steps.next();
    this.kind.onFound(round.found - before);
    const now = this.deps.now().getTime();
    const key = this.kind.keyOf(round.position);
    addMark(round, key, now, this.periodMs);
    const keys = (state.previous?.marks ?? []).map((mark) => mark.key);
    state.oldestAt = oldestAt(state, keys.length === 0 ? 0 : await this.kind.countReached(key, keys));
    if (done) {
      this.#steps = undefined;
      this.#state = finishRound(state, now);
    }
    await this.#store(lease);
  }

  async #store(lease: { name: string; fence: bigint }): Promise<void> {
    const { feed, now } = this.deps;
    const stored = await feed.storeEvents(
      { source: this.kind.source, events: [], position: this.#state, lease },
      now(),
    );
    if (stored === null) throw new LostLease();
  }
}

/** Another replica has the lease: what was just compared is compared again by it. */
export class LostLease extends Error {
  override readonly name = "LostLease";
}
