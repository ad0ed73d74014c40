import { describe, expect, test } from "bun:test";
import { type ReadPage, readWindow } from "./read-window.ts";

interface Event {
  id: string;
  at: Date;
}

const time = (ms: number) => new Date(Date.parse("2030-01-01T00:00:00Z") + ms);

/** A store whose equal times come in another order each time, as Keycloak's may. */
function store(events: Event[]) {
  const calls: { first: number; max: number }[] = [];
  const readPage: ReadPage<Event> = async ({ from, to, first, max }) => {
    calls.push({ first, max });
    return events
      .filter(({ at }) => at >= from && at <= to)
      .map((event) => ({ event, order: Math.random() }))
      .sort((a, b) => a.event.at.getTime() - b.event.at.getTime() || a.order - b.order)
      .slice(first, first + max)
      .map(({ event }) => event);
  };
  return { calls, readPage };
}

async function idsOf(readPage: ReadPage<Event>, pageSize: number, onPage?: () => void): Promise<Set<string>> {
  const ids = new Set<string>();
  let ended = 0;
  await readWindow(
    readPage,
    time(0),
    time(1_000),
    async (events, isLast) => {
      expect(ended).toBe(0);
      if (isLast) ended++;
      for (const { id } of events) ids.add(id);
      onPage?.();
    },
    pageSize,
  );
  expect(ended).toBe(1);
  return ids;
}

describe("readWindow", () => {
  test("nothing costs one call", async () => {
    const { calls, readPage } = store([]);
    expect((await idsOf(readPage, 10)).size).toBe(0);
    expect(calls).toHaveLength(1);
  });

  test.each([1, 9, 10, 11, 20, 57])("%d events, spread or in groups", async (count) => {
    for (const group of [1, 3, 10]) {
      const events = Array.from({ length: count }, (_, i) => ({ id: `e${i}`, at: time(Math.floor(i / group)) }));
      expect((await idsOf(store(events).readPage, 10)).size).toBe(count);
    }
  });

  test("a millisecond that holds many pages, in no order", async () => {
    const crowd = Array.from({ length: 43 }, (_, i) => ({ id: `c${i}`, at: time(5) }));
    const events = [{ id: "before", at: time(4) }, ...crowd, { id: "after", at: time(6) }];
    for (let round = 0; round < 20; round++) {
      const ids = await idsOf(store(events).readPage, 10);
      expect(ids.size).toBe(45);
    }
  });

  test("what is deleted meanwhile hides nothing", async () => {
    const events = Array.from({ length: 60 }, (_, i) => ({ id: `e${i}`, at: time(i) }));
    const all = events.map(({ id }) => id);
    // After each page the oldest five go.
    const ids = await idsOf(store(events).readPage, 10, () => events.splice(0, 5));
    expect(all.filter((id) => !ids.has(id))).toEqual([]);
  });
});
