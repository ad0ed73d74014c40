import { AuthError, isAuthError } from "@libs/problems";
import { BrokenCircuitError, CircuitState, circuitBreaker, handleAll, type IBreaker } from "cockatiel";

export interface CircuitOptions {
  /** This many outages in a row open the circuit; 0 turns it off. */
  failures: number;
  /** How long it stays open before one call may try again, in milliseconds. */
  retryMs: number;
  /**
   * The least time without an answer that says anything about Keycloak, in milliseconds: a call that was cut off earlier,
   * by its own request's deadline, says nothing. 0 when left out.
   */
  fullWaitMs?: number;
}

/** `closed`: calls pass; `open`: they fail at once; `half-open`: one call tries whether Keycloak is back. */
export type CircuitName = "closed" | "half-open" | "open";

export interface CircuitObserver {
  onChange?: (state: CircuitName) => void;
  /** Keycloak has answered a call here; by default the circuit's own {@link KeycloakCircuit.answered}. */
  onAnswer?: () => void;
}

/** `answer`: whatever it said, it is there. `outage`: it is not. `nothing`: it can't be known from this call. */
type Evidence = "answer" | "outage" | "nothing";

/**
 * Spares callers the wait for a Keycloak that is away, and Keycloak the rush when it comes back. Only outages count
 * (`keycloak.unavailable`, `keycloak.timeout`, but for answers about one call): a refusal, or our own misconfiguration,
 * is an answer.
 */
export class KeycloakCircuit {
  readonly #outages: OutagesInARow;
  readonly #policy;
  readonly #fullWaitMs: number;
  readonly #onAnswer: () => void;
  /** Of a clock that only goes forward. Milliseconds. */
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor({ failures, retryMs, fullWaitMs = 0 }: CircuitOptions, { onChange, onAnswer }: CircuitObserver = {}) {
    this.#outages = new OutagesInARow(failures);
    this.#fullWaitMs = fullWaitMs;
    this.#onAnswer = onAnswer ?? (() => this.answered());
    this.#policy = circuitBreaker(handleAll, { halfOpenAfter: retryMs, breaker: this.#outages });
    this.#policy.onStateChange((state) => {
      // Held open for the moment in which it is closed.
      if (state !== CircuitState.Isolated) onChange?.(nameOf(state));
    });
  }

  get state(): CircuitName {
    return nameOf(this.#policy.state);
  }

  /** @throws AuthError what `work` throws, or `keycloak.unavailable` with `neverSent` while the circuit is open */
  async run<T>(work: () => Promise<T>): Promise<T> {
    // The library lets others wait for the one that tries; here they are refused at once.
    if (this.#policy.state === CircuitState.HalfOpen) throw refusal();
    const outcome = await this.#policy
      .execute(() => this.#settle(work))
      .catch((error) => {
        throw error instanceof BrokenCircuitError ? refusal() : error;
      });
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  /**
   * Keycloak has answered, somebody who did not come this way too: what opened the circuit while that call was under way
   * is of the past.
   */
  answered(): void {
    this.#answeredAt = performance.now();
    this.#outages.forget();
    if (this.#policy.state === CircuitState.Closed) return;
    // The library's way to close it: held open, and let go.
    this.#policy.isolate().dispose();
  }

  /** Throws what counts as an outage alone; a try that brought nothing to light is no reason to close the circuit. */
  async #settle<T>(work: () => Promise<T>): Promise<{ value: T } | { error: unknown }> {
    const startedAt = performance.now();
    const isTrying = this.#policy.state === CircuitState.HalfOpen;
    try {
      const value = await work();
      this.#onAnswer();
      return { value };
    } catch (error) {
      const evidence = this.#evidenceOf(error, startedAt);
      if (evidence === "answer") this.#onAnswer();
      if (evidence === "outage" || (evidence === "nothing" && isTrying)) throw error;
      return { error };
    }
  }

  /** A call from before the last answer is about the past: what was lost in an outage ends seconds after it. */
  #evidenceOf(error: unknown, startedAt: number): Evidence {
    const isOutage = isAuthError(error, "keycloak.unavailable", "keycloak.timeout");
    if (!isOutage || error.answered) return "answer";
    if (startedAt < this.#answeredAt) return "nothing";
    const isCutShort = error.code === "keycloak.timeout" && performance.now() - startedAt < this.#fullWaitMs;
    return isCutShort ? "nothing" : "outage";
  }
}

/** Like the library's `ConsecutiveBreaker`, but for what brought nothing to light: that ends no row. */
class OutagesInARow implements IBreaker {
  state = 0;

  constructor(private readonly most: number) {}

  forget(): void {
    this.state = 0;
  }

  success(): void {}

  failure(): boolean {
    return ++this.state >= this.most;
  }
}

const refusal = () => new AuthError("keycloak.unavailable", { internal: "the circuit is open", neverSent: true });

function nameOf(state: CircuitState): CircuitName {
  if (state === CircuitState.Closed) return "closed";
  return state === CircuitState.HalfOpen ? "half-open" : "open";
}
