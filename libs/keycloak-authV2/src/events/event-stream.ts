import type { FeedEvent, FeedRepository, NewNotice, UserRepository } from "@libs/database";
import type { EventPage, KeycloakAdminEvent, KeycloakEventSource, KeycloakUserEvent } from "../ports/ports.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { endsEverySession, nameInDetails } from "./notices/admin-event-notices.ts";
import { noticesOfUserEvent, noticeTypes } from "./notices/user-event-notices.ts";
import { noticesWithoutOwnWrites, type OwnWritesDeps } from "./own-writes.ts";

/** One of Keycloak's stores of events, and the change notices that its events make. */
export interface EventStream<E extends { id: string; at: Date } = { id: string; at: Date }> {
  source: "user_events" | "admin_events";
  list(page: EventPage): Promise<E[]>;
  /** @returns each event with its change notices */
  toFeedEvents(events: readonly E[]): Promise<FeedEvent[]>;
}

/** For {@link userEventStream}. */
export interface UserEventStreamDeps {
  eventSource: Pick<KeycloakEventSource, "listUserEvents">;
}

interface NamedUsersDeps {
  users: Pick<UserRepository, "findByUsername" | "findByEmail">;
}

/** For {@link adminEventStream}. */
export type AdminEventStreamDeps = Pick<SyncDeps, "now"> & {
  eventSource: Pick<KeycloakEventSource, "listAdminEvents" | "serviceAccountId">;
  feed: Pick<FeedRepository, "addNoticesForAllUsers">;
} & OwnWritesDeps &
  NamedUsersDeps;

/** What people did. */
export function userEventStream({ eventSource }: UserEventStreamDeps): EventStream<KeycloakUserEvent> {
  return {
    source: "user_events",
    list: (page) => eventSource.listUserEvents({ ...page, types: noticeTypes }),
    toFeedEvents: async (events) => events.map((event) => ({ id: event.id, notices: noticesOfUserEvent(event) })),
  };
}

/** What was done through the admin API and console. */
export function adminEventStream(deps: AdminEventStreamDeps): EventStream<KeycloakAdminEvent> {
  const { eventSource, feed, now } = deps;
  return {
    source: "admin_events",
    list: (page) => eventSource.listAdminEvents(page),
    toFeedEvents: async (events) => {
      // Before the event counts as seen: repeating it is harmless, leaving it out is not.
      if (events.some(endsEverySession)) await feed.addNoticesForAllUsers("admin_events", now(), "sessions");
      const feedEvents = await noticesWithoutOwnWrites(deps, await eventSource.serviceAccountId(), events);
      return await withNamedUsers(deps, events, feedEvents);
    },
  };
}

/** Adds who is named by username or email alone. Who is not known here by that name has nothing here that could be wrong. */
async function withNamedUsers(
  { users }: NamedUsersDeps,
  events: readonly KeycloakAdminEvent[],
  feedEvents: readonly FeedEvent[],
): Promise<FeedEvent[]> {
  const found = new Map<string, NewNotice>();
  for (const event of events) {
    const { username, email } = nameInDetails(event) ?? {};
    const user = (username && (await users.findByUsername(username))) || (email && (await users.findByEmail(email)));
    if (user) found.set(event.id, { kind: "user", subject: user.id, source: "admin_events", changedAt: event.at });
  }
  return feedEvents.map(({ id, notices }) => {
    const named = found.get(id);
    return { id, notices: named ? [...notices, named] : notices };
  });
}
