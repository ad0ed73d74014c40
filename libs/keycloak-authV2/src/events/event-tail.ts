import type { FeedEvent, FeedRepository, NewNotice } from "@libs/database";
import { z } from "zod";
import { later } from "../services/shared/back-off.ts";
import type { EventStream } from "./event-stream.ts";
import type { ReaderMetrics } from "./feed-metrics.ts";
import { readWindow } from "./read-window.ts";
import type { SeenEvents } from "./seen-events.ts";

/** Somebody else has had the lease since: nothing was written. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

export interface TailOptions {
  /** How far back each reading goes: an event gets its time before its transaction is committed. Milliseconds. */
  overlapMs: number;
  /** Under which its position is kept. */
  key: string;
}

export interface TailDeps {
  feed: Pick<FeedRepository, "storeEvents" | "readPosition">;
  feedMetrics: Pick<ReaderMetrics, "noticesRecorded">;
  now: () => Date;
}

const positionSchema = z.object({
  /** Everything that Keycloak had committed by then is stored. Its clock, milliseconds. */
  at: z.number(),
  /** The newest event that was stored. */
  newest: z.object({ id: z.string(), at: z.number() }).nullable(),
});

type Position = z.infer<typeof positionSchema>;

/** Events are stamped by Keycloak's clock, which is known only roughly. */
const FUTURE_MS = 5_000;
/** With nothing new the position is stored this often: it shows the other replicas that somebody reads. */
export const STORE_EVERY_MS = 10_000;

/** Reads one stream of events from where it was last, again and again, and stores their change notices. */
export class EventTail {
  #position: Position | undefined;
  /** What many users went through before anybody read for the first time is nothing that was missed. By Keycloak's clock. */
  #beganAt: Date | undefined;
  #storedAt = 0;

  constructor(
    private readonly deps: TailDeps,
    readonly stream: EventStream,
    private readonly seen: SeenEvents,
    private readonly options: TailOptions,
  ) {}

  /** Goes on from the position that was stored last, or from now if there is none. @param keycloakNow by Keycloak's clock */
  async load(keycloakNow: Date): Promise<void> {
    const stored = await this.deps.feed.readPosition(this.options.key);
    const position = positionSchema.safeParse(stored?.position).data;
    this.#position = position ?? { at: keycloakNow.getTime(), newest: null };
    if (!position) this.#beganAt = keycloakNow;
    this.#storedAt = 0;
  }

  /** Since when it has not read. Milliseconds. */
  behindMs(keycloakNow: Date): number {
    return this.#position ? keycloakNow.getTime() - this.#position.at : 0;
  }

  /**
   * Whether Keycloak has deleted events that were not read yet: it deletes the oldest first, so none is missing while the
   * newest one that was stored is there.
   * @param keptMs how long Keycloak keeps events, null: for ever or not known
   */
  async hasLost(keycloakNow: Date, keptMs: number | null): Promise<boolean> {
    const { newest = null } = this.#position ?? {};
    if (newest === null) return keptMs !== null && this.behindMs(keycloakNow) > keptMs - this.options.overlapMs;
    const at = new Date(newest.at);
    let found = false;
    const list = this.stream.list.bind(this.stream);
    await readWindow(list, at, at, async (events) => {
      found ||= events.some(({ id }) => id === newest.id);
    });
    return !found;
  }

  /**
   * Stores what has happened since, page by page.
   * @returns how many notices were recorded
   * @throws LeaseLostError, AuthError, DatabaseError: what is stored by then stays, the rest is read next time
   */
  async read(keycloakNow: Date, lease: { name: string; fence: bigint }): Promise<number> {
    const reached = keycloakNow.getTime();
    // A clock that was set back must not leave a gap.
    const before = Math.min(this.#position?.at ?? reached, reached);
    const from = before - this.options.overlapMs;
    let recorded = 0;
    const list = this.stream.list.bind(this.stream);
    await readWindow(list, new Date(from), later(keycloakNow, FUTURE_MS), async (events, isLast) => {
      const through = isLast ? reached : Math.min(reached, events.at(-1)?.at.getTime() ?? before);
      recorded += await this.#store(events, Math.max(through, before), isLast, lease);
    });
    return recorded;
  }

  async #store(
    events: { id: string; at: Date }[],
    through: number,
    isLast: boolean,
    lease: { name: string; fence: bigint },
  ): Promise<number> {
    const { now, feed, feedMetrics } = this.deps;
    const { source } = this.stream;
    const fresh = events.filter(({ id }) => !this.seen.has(id));
    const position: Position = { at: through, newest: this.#newest(fresh) };
    const isDue = isLast && now().getTime() - this.#storedAt >= STORE_EVERY_MS;
    if (fresh.length === 0 && !isDue) {
      if (isLast) this.#position = position;
      return 0;
    }
    const withNotices = this.#sinceBeginning(await this.stream.toFeedEvents(fresh));
    const own = this.options.key === source;
    // Ids are one set for both tiers; a tier with a position of its own stores that after the notices.
    const batch = { source, events: withNotices, lease, ...(own && { position }) };
    const stored = await feed.storeEvents(batch, now());
    if (stored === null) throw new LeaseLostError();
    if (!own && (await feed.storeEvents({ source: this.options.key, events: [], position, lease }, now())) === null)
      throw new LeaseLostError();
    this.#position = position;
    this.#storedAt = now().getTime();
    this.seen.add(
      fresh.map(({ id }) => id),
      now().getTime(),
    );
    const unseen = new Set(stored);
    const recorded = withNotices.reduce((sum, { id, notices }) => sum + (unseen.has(id) ? notices.length : 0), 0);
    if (recorded > 0) feedMetrics.noticesRecorded(source, recorded);
    return recorded;
  }

  #sinceBeginning(events: readonly FeedEvent[]): FeedEvent[] {
    const beganAt = this.#beganAt;
    if (!beganAt) return [...events];
    const isOld = ({ kind, changedAt }: NewNotice) =>
      (kind === "every_user" || kind === "not_before") && changedAt !== null && changedAt < beganAt;
    return events.map(({ id, notices }) => ({ id, notices: notices.filter((notice) => !isOld(notice)) }));
  }

  #newest(events: { id: string; at: Date }[]): Position["newest"] {
    let newest = this.#position?.newest ?? null;
    for (const { id, at } of events)
      if (newest === null || at.getTime() >= newest.at) newest = { id, at: at.getTime() };
    return newest;
  }
}
