import { expect, test } from "bun:test";
import fc from "fast-check";
import { type CreatedWindow, createdWindows } from "./created-windows.ts";

async function windowsOf(times: readonly number[], spans: { from: number; to: number }[], size: number) {
  const windows: CreatedWindow[] = [];
  const count = async (from: number, to: number) => times.filter((at) => from <= at && at <= to).length;
  for await (const window of createdWindows(spans, size, count)) windows.push(window);
  return windows;
}

test("windows hold everybody, in order, without a gap, and only a single millisecond is too full", async () => {
  const time = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.constantFrom(7, 8, 1_999));
  await fc.assert(
    fc.asyncProperty(fc.array(time), fc.integer({ min: 1, max: 9 }), async (times, size) => {
      const windows = await windowsOf(
        times,
        [
          { from: 0, to: 999 },
          { from: 1_000, to: 2_000 },
        ],
        size,
      );
      expect(windows[0]?.from).toBe(0);
      expect(windows.at(-1)?.to).toBe(2_000);
      for (const [place, { from, to, count }] of windows.entries()) {
        if (place > 0) expect(from).toBe((windows[place - 1]?.to ?? 0) + 1);
        expect(count).toBe(times.filter((at) => from <= at && at <= to).length);
        expect(count <= size || from === to).toBe(true);
      }
    }),
  );
});

test("small neighbours become one, so that pages are at least half full on average", async () => {
  const times = Array.from({ length: 1_000 }, (_, place) => place * place);
  const windows = await windowsOf(times, [{ from: 0, to: 2_000_000 }], 50);
  expect(windows.length).toBeLessThanOrEqual(40);
});
