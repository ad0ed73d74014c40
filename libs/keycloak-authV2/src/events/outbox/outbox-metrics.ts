import { counterIn, gaugeIn } from "@libs/observability";
import type { Registry } from "prom-client";

/**
 * Where the outbox of domain events counts.
 * @see {@link createOutboxSweep}
 */
export interface OutboxMetrics {
  /** Events were put into the queues of their subscribers. */
  dispatched(count: number): void;
  /** How many events are not in the queues yet, and for how long the oldest waits. Seconds. */
  waiting(count: number, oldestSeconds: number): void;
}

/**
 * Metrics of the outbox of domain events, on the registry of the process.
 * @param registry the process's
 * @see {@link createOutboxSweep}
 */
export function createOutboxMetrics(registry: Registry): OutboxMetrics {
  const gauge = (name: string, help: string) => gaugeIn(registry, { name, help });
  const dispatched = counterIn(registry, {
    name: "domain_events_dispatched_total",
    help: "Domain events put into their subscribers' queues.",
  });
  const waiting = gauge("domain_events_waiting", "Domain events that are not in their subscribers' queues yet.");
  const oldest = gauge("domain_events_oldest_seconds", "Age of the oldest of them.");
  return {
    dispatched: (count) => dispatched.inc(count),
    waiting(count, oldestSeconds) {
      waiting.set(count);
      oldest.set(oldestSeconds);
    },
  };
}

export interface SubscriberMetrics {
  handled(type: string): void;
  failed(type: string): void;
}

/**
 * Metrics of a subscriber, on the registry of its process.
 * @param countBlocked asked at each scrape; what it throws leaves the gauge as it is
 */
export function createSubscriberMetrics(
  registry: Registry,
  subscriber: string,
  countBlocked: () => Promise<number>,
): SubscriberMetrics {
  const handled = counterIn(registry, {
    name: "domain_events_handled_total",
    help: "Attempts of this process to handle a domain event.",
    labelNames: ["subscriber", "type", "outcome"],
  });
  watchBlocked(registry).set(subscriber, countBlocked);
  return {
    handled: (type) => handled.inc({ subscriber, type, outcome: "handled" }),
    failed: (type) => handled.inc({ subscriber, type, outcome: "failed" }),
  };
}

type Counts = Map<string, () => Promise<number>>;
/** A process may have several subscribers. */
const watched = new WeakMap<Registry, Counts>();

function watchBlocked(registry: Registry): Counts {
  const known = watched.get(registry);
  if (known) return known;
  const counts: Counts = new Map();
  watched.set(registry, counts);
  gaugeIn(registry, {
    name: "domain_events_blocked",
    help: "Events that keep failing; each holds back the later events of its user.",
    labelNames: ["subscriber"],
    async collect() {
      for (const [subscriber, countBlocked] of counts) {
        const count = await countBlocked().catch(() => undefined);
        if (count !== undefined) this.set({ subscriber }, count);
      }
    },
  });
  return counts;
}
