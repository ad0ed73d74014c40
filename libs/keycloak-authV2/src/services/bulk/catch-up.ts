import { isAuthError } from "@libs/problems";
import { hintsOfAdminEvent } from "../../events/hints/admin-event-hints.ts";
import { hintingTypes, hintsOfUserEvent } from "../../events/hints/event-hints.ts";
import type {
  EventPage,
  KeycloakAdminEvent,
  KeycloakEventSource,
  KeycloakUserEvent,
  ServerFeatureSource,
} from "../../ports/ports.ts";
import type { LookAtUsersDeps } from "../reconcile/look-at-users.ts";
import { later } from "../shared/back-off.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import type { BulkRun } from "./bulk-run.ts";
import { lookWithOutageRetry } from "./look-with-outage-retry.ts";
import { UnreadableError } from "./outage-retry.ts";

type LookAtEachDeps = {
  eventSource: Pick<KeycloakEventSource, "readEventsConfig">;
} & LookAtUsersDeps;

/** For {@link catchUp}. */
export type CatchUpDeps = Pick<SyncDeps, "now" | "logger"> & {
  eventSource: Pick<KeycloakEventSource, "listAdminEvents" | "listUserEvents">;
  /** What this Keycloak can do: whether its events can be read at all. */
  serverFeatures: Pick<ServerFeatureSource, "current">;
} & LookAtEachDeps;

/** An event gets its time before it can be read: as far back as Keycloak's longest transaction, and clocks that differ. */
const OVERLAP_MS = 6.5 * 60_000;
const PAGE = 500;

/**
 * Looks again at who has changed since the scan began, by Keycloak's stored events: where no gateway runs yet, nobody else
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
    await lookAtEach(run, (page) => eventSource.listAdminEvents({ ...span, ...page }), hintsOfAdminEvent);
    const listUserEvents = (page: Pick<EventPage, "first" | "max">) =>
      eventSource.listUserEvents({ ...span, ...page, types: hintingTypes });
    await lookAtEach(run, listUserEvents, hintsOfUserEvent);
  } catch (error) {
    const isUnreadable = isAuthError(error, "keycloak.forbidden") || error instanceof UnreadableError;
    if (!isUnreadable) throw error;
    logger.warn({ err: error }, "changes during the scan are left to the change feed: events can't be read");
  }
}

async function lookAtEach<Event extends KeycloakAdminEvent | KeycloakUserEvent>(
  run: BulkRun<LookAtEachDeps>,
  list: (page: Pick<EventPage, "first" | "max">) => Promise<Event[]>,
  hintsOf: (event: Event) => { kind: string; subject: string }[],
): Promise<void> {
  for (let first = 0; ; first += PAGE) {
    const events = await run.retry.run(
      () => list({ first, max: PAGE }),
      () => run.deps.eventSource.readEventsConfig(),
    );
    const ids = events.flatMap(hintsOf).flatMap(({ kind, subject }) => (kind === "user" ? [subject] : []));
    await lookWithOutageRetry(run, [...new Set(ids)], PAGE);
    run.progress.advance(events.length);
    if (events.length < PAGE || run.interrupted()) return;
  }
}
