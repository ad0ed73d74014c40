import type { KeycloakEventSource } from "../ports/ports.ts";
import { later } from "../services/shared/back-off.ts";

const MEASURE_EVERY_MS = 30_000;

/** Keycloak's clock, by this process's and the difference that was measured last: events are stamped with it. */
export class KeycloakClock {
  #skew: Awaited<ReturnType<KeycloakEventSource["clockSkew"]>> = { skewMs: 0, uncertaintyMs: 0, notBefore: null };
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly eventSource: Pick<KeycloakEventSource, "clockSkew">,
    private readonly localNow: () => Date,
  ) {}

  now(): Date {
    return later(this.localNow(), this.#skew.skewMs);
  }

  /** As {@link KeycloakEventSource.clockSkew} said last. */
  get notBefore(): Date | null {
    return this.#skew.notBefore;
  }

  get skew(): { skewMs: number; uncertaintyMs: number } {
    return this.#skew;
  }

  /** Measures, unless that was done a short while ago. @throws AuthError */
  async measure(): Promise<void> {
    const at = performance.now();
    if (at - this.#measuredAt < MEASURE_EVERY_MS) return;
    this.#skew = await this.eventSource.clockSkew();
    this.#measuredAt = at;
  }
}
