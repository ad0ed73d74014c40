import { describe, expect, test } from "bun:test";
import type { FeedEvent } from "../../ports/feed-repository.ts";
import { fresh, type MakeSubject } from "./contract-subject.ts";
import { feedEra, noticeOf } from "./feed-era.ts";

const [CLAIMED, ALL] = [1_000, 100_000];

/** What every FeedRepository does with the events of a source. */
export function feedEventsContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: FeedRepository, events`, () => {
    test("an event's notices are stored once, with the position", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const source = fresh("source");
      const events: FeedEvent[] = [noticeOf(), noticeOf()].map((notice) => ({ id: fresh("event"), notices: [notice] }));
      const nothing: FeedEvent = { id: fresh("event"), notices: [] };
      expect(await feed.readPosition(source)).toBeNull();
      const position = { at: 17, id: "x" };
      const stored = await feed.storeEvents({ source, events: [...events, nothing, nothing], position }, at(0));
      expect(stored?.toSorted()).toEqual([...events, nothing].map(({ id }) => id).toSorted());
      expect(await feed.readPosition(source)).toEqual({ position, updatedAt: at(0) });
      const claimed = await feed.claimDue(at(0), at(CLAIMED), ALL);
      expect(claimed.map(({ subject }) => subject).toSorted()).toEqual(
        events.map(({ notices }) => notices[0]?.subject ?? "").toSorted(),
      );
      await feed.complete(claimed, at(1));
      const late: FeedEvent = { id: fresh("event"), notices: [noticeOf()] };
      expect(await feed.storeEvents({ source, events: [...events, late] }, at(2))).toEqual([late.id]);
      expect(await feed.readPosition(source)).toEqual({ position, updatedAt: at(0) });
      const news = await feed.claimDue(at(2), at(CLAIMED), ALL);
      expect(news.map(({ subject }) => subject)).toEqual(late.notices.map(({ subject }) => subject));
      await feed.complete(news, at(2));
      expect(await feed.storeEvents({ source, events: [], position: 18 }, at(3))).toEqual([]);
      expect(await feed.readPosition(source)).toEqual({ position: 18, updatedAt: at(3) });
    });

    test("the same id of another source is another event; several events may name one subject", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const notice = noticeOf();
      const [one, two] = [fresh("event"), fresh("event")];
      const events: FeedEvent[] = [
        {
          id: one,
          notices: [{ ...notice, changedAt: at(-2) }, noticeOf({ kind: "sessions", subject: notice.subject })],
        },
        { id: two, notices: [{ ...notice, changedAt: at(-1) }] },
      ];
      expect((await feed.storeEvents({ source: fresh("a"), events }, at(0)))?.toSorted()).toEqual(
        [one, two].toSorted(),
      );
      expect(await feed.storeEvents({ source: fresh("b"), events: events.slice(1) }, at(0))).toEqual([two]);
      const claimed = await feed.claimDue(at(0), at(CLAIMED), ALL);
      expect(claimed.find(({ kind }) => kind === "user")).toMatchObject({ version: 2n, changedAt: at(-1) });
      expect(claimed).toHaveLength(2);
      await feed.complete(claimed, at(0));
    });

    test("of readers at the same time each event is new to one", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const source = fresh("source");
      const events: FeedEvent[] = Array.from({ length: 50 }, () => ({ id: fresh("event"), notices: [noticeOf()] }));
      const orders = [events, events.toReversed(), events.slice(25), events.toReversed()];
      const stored = await Promise.all(orders.map((order) => feed.storeEvents({ source, events: order }, at(0))));
      expect(stored.flatMap((ids) => ids ?? []).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
      const claimed = await feed.claimDue(at(0), at(CLAIMED), ALL);
      expect(claimed).toHaveLength(50);
      await feed.complete(claimed, at(0));
    });

    test("a reader that has lost its lease writes nothing", async () => {
      const { feed, leases } = await makeSubject();
      const at = feedEra();
      const [source, name, event] = [fresh("source"), fresh("lease"), fresh("event")];
      const events: FeedEvent[] = [{ id: event, notices: [noticeOf()] }];
      const lease = { name, fence: (await leases.take(name, "first", 60_000)) ?? 0n };
      expect(await feed.storeEvents({ source, events: [], position: 1, lease }, at(0))).toEqual([]);
      await leases.release(name, "first");
      expect(await feed.storeEvents({ source, events: [], position: 2, lease }, at(0))).toEqual([]);
      const next = { name, fence: (await leases.take(name, "second", 60_000)) ?? 0n };
      expect(await feed.storeEvents({ source, events, position: 3, lease }, at(0))).toBeNull();
      expect(await feed.readPosition(source)).toMatchObject({ position: 2 });
      expect(await feed.claimDue(at(0), at(CLAIMED), ALL)).toEqual([]);
      expect(await feed.storeEvents({ source, events, position: 3, lease: next }, at(0))).toEqual([event]);
      expect(await feed.storeEvents({ source, events, lease: { name: fresh("no"), fence: 1n } }, at(0))).toBeNull();
      await feed.complete(await feed.claimDue(at(0), at(CLAIMED), ALL), at(0));
    });

    test("events that can't be read again are forgotten, in batches", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const source = fresh("source");
      const [old, kept] = [["1", "2", "3"].map(fresh), fresh("4")];
      await feed.storeEvents({ source, events: old.map((id) => ({ id, notices: [] })) }, at(0));
      await feed.storeEvents({ source, events: [{ id: kept, notices: [] }] }, at(1));
      expect(await feed.pruneSeenEvents(at(0), 10)).toBe(0);
      expect(await feed.pruneSeenEvents(at(1), 2)).toBe(2);
      expect(await feed.pruneSeenEvents(at(1), 2)).toBe(1);
      const again = [...old, kept].map((id) => ({ id, notices: [] }));
      expect((await feed.storeEvents({ source, events: again }, at(2)))?.toSorted()).toEqual(old.toSorted());
    });
  });
}
