import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { AuthError, isAuthError } from "../errors/index.ts";

export interface CircuitOptions {
  /** This many outages in a row open the circuit; 0 turns it off. */
  failures: number;
  /** How long it stays open before one call may try again, in milliseconds. */
  retryMs: number;
}

/** `closed`: calls pass; `open`: they fail at once; `half-open`: one call tries whether Keycloak is back. */
export type CircuitName = "closed" | "half-open" | "open";

/**
 * Spares callers the wait for a Keycloak that is away, and Keycloak the rush when it comes back. Only outages count
 * (`keycloak.unavailable`, `keycloak.timeout`): a refusal, or our own misconfiguration, is an answer.
 */
export class KeycloakCircuit {
  readonly #breaker: ConsecutiveBreaker;
  readonly #policy;
  /** Of a clock that only goes forward. Milliseconds. */
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor({ failures, retryMs }: CircuitOptions, onChange: (state: CircuitName) => void = () => {}) {
    this.#breaker = new ConsecutiveBreaker(failures);
    this.#policy = circuitBreaker(handleAll, { halfOpenAfter: retryMs, breaker: this.#breaker });
    this.#policy.onStateChange((state) => {
      // Held open for the moment in which it is closed.
      if (state !== CircuitState.Isolated) onChange(nameOf(state));
    });
  }

  get state(): CircuitName {
    return nameOf(this.#policy.state);
  }

  /** @throws AuthError what `work` throws, or `keycloak.unavailable` with `neverSent` while the circuit is open */
  async run<T>(work: () => Promise<T>): Promise<T> {
    // The library lets others wait for the one that tries; here they are told at once.
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
    if (this.#policy.state === CircuitState.Closed) return;
    this.#breaker.success();
    // The library's way to close it: held open, and let go.
    this.#policy.isolate().dispose();
  }

  /**
   * Throws outages alone: whatever else happened is an answer of Keycloak's, and so a success for the circuit. A call from
   * before its last answer tells of the past: what was lost in an outage ends seconds after it.
   */
  async #settle<T>(work: () => Promise<T>): Promise<{ value: T } | { error: unknown }> {
    const startedAt = performance.now();
    try {
      const value = await work();
      this.answered();
      return { value };
    } catch (error) {
      const isOutage = isAuthError(error, "keycloak.unavailable", "keycloak.timeout");
      if (isOutage && startedAt >= this.#answeredAt) throw error;
      if (!isOutage) this.answered();
      return { error };
    }
  }
}

const refusal = () => new AuthError("keycloak.unavailable", { internal: "the circuit is open", neverSent: true });

function nameOf(state: CircuitState): CircuitName {
  if (state === CircuitState.Closed) return "closed";
  return state === CircuitState.HalfOpen ? "half-open" : "open";
}
