/**
 * Domain events for sibling services: written in the transaction of the change (outbox), delivered at least once, in order
 * for each user.
 */
export type { BlockedEvent } from "./blocked-events.ts";
export { BLOCKED_AFTER_ATTEMPTS } from "./event-queue.ts";
export type { EventContext, EventHandler, EventOf } from "./handle-event-job.ts";
export { type EventQueues, openEventQueues } from "./open-event-queues.ts";
export { createOutboxMetrics, type OutboxMetrics } from "./outbox-metrics.ts";
export { createOutboxSweep, type OutboxDeps } from "./outbox-sweep.ts";
export { type EventSubscriber, type SubscribeOptions, subscribeToEvents } from "./subscribe-to-events.ts";
