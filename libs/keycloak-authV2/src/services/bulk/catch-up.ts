import { isAuthError } from "@libs/problems";
import { noticesOfAdminEvent } from "../../events/notices/admin-event-notices.ts";
import { noticesOfUserEvent, noticeTypes } from "../../events/notices/user-event-notices.ts";
import type {
  EventPage,
  KeycloakAdminEvent,
  KeycloakEventSource,
  KeycloakUserEvent,
  ServerFeatureSource,
} from "../../ports/ports.ts";
import type { ReconcileUsersDeps } from "../reconcile/reconcile-users.ts";
import { later } from "../shared/back-off.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import type { BulkRun } from "./bulk-run.ts";
import { UnreadableError } from "./outage-retry.ts";
import { reconcileWithOutageRetry } from "./reconcile-with-outage-retry.ts";

type ReconcileEachDeps = {
  eventSource: Pick<KeycloakEventSource, "readEventsConfig">;
} & ReconcileUsersDeps;

/** For {@link catchUp}. */
export type CatchUpDeps = Pick<SyncDeps, "now" | "logger"> & {
  eventSource: Pick<KeycloakEventSource, "listAdminEvents" | "listUserEvents">;
  /** What this Keycloak can do: whether its events can be read at all. */
  serverFeatures: Pick<ServerFeatureSource, "current">;
} & ReconcileEachDeps;

/** An event gets its time before it can be read: as far back as Keycloak's longest transaction, and clocks that differ. */
const OVERLAP_MS = 6.5 * 60_000;
const PAGE = 500;

/**
 * Reconciles who has changed since the scan began, by Keycloak's stored events: where no gateway runs yet, nobody else
 * would. Where events are off or can't be read (none can before 26.2), only a running gateway brings these changes over.
 */
export async function catchUp(run: BulkRun<CatchUpDeps>, since: Date): Promise<void> {
  const { eventSource, serverFeatures, now, logger } = run.deps;
  if ((await run.retry.run(() => serverFeatures.current())).eventsByTime === false) {
    logger.warn("changes during the scan are left to reconciliation: this Keycloak's events can't be read");
    return;
  }
  const span = { from: later(since, -OVERLAP_MS), to: later(now(), OVERLAP_MS) };
  run.progress.enter("catching_up");
  try {
    await reconcileEach(run, (page) => eventSource.listAdminEvents({ ...span, ...page }), noticesOfAdminEvent);
    const listUserEvents = (page: Pick<EventPage, "first" | "max">) =>
      eventSource.listUserEvents({ ...span, ...page, types: noticeTypes });
    await reconcileEach(run, listUserEvents, noticesOfUserEvent);
  } catch (error) {
    const isUnreadable = isAuthError(error, "keycloak.forbidden") || error instanceof UnreadableError;
    if (!isUnreadable) throw error;
    logger.warn({ err: error }, "changes during the scan are left to the change feed: events can't be read");
  }
}

async function reconcileEach<Event extends KeycloakAdminEvent | KeycloakUserEvent>(
  run: BulkRun<ReconcileEachDeps>,
  list: (page: Pick<EventPage, "first" | "max">) => Promise<Event[]>,
  noticesOf: (event: Event) => { kind: string; subject: string }[],
): Promise<void> {
  for (let first = 0; ; first += PAGE) {
    const events = await run.retry.run(
      () => list({ first, max: PAGE }),
      () => run.deps.eventSource.readEventsConfig(),
    );
    const ids = events.flatMap(noticesOf).flatMap(({ kind, subject }) => (kind === "user" ? [subject] : []));
    await reconcileWithOutageRetry(run, [...new Set(ids)], PAGE);
    run.progress.advance(events.length);
    if (events.length < PAGE || run.interrupted()) return;
  }
}
