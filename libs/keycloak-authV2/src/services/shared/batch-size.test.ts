import { expect, test } from "bun:test";
import { DatabaseTimeoutError } from "@libs/database";
import { BatchSize } from "./batch-size.ts";

function sizes() {
  let now = 0;
  const size = new BatchSize(100, () => now);
  const batch = (took: number) =>
    size.run(async (rows) => {
      now += took;
      return rows;
    });
  return { size, batch };
}

test("a slow batch halves the next one, a quick one doubles it up to the most", async () => {
  const { batch } = sizes();
  const rows = [];
  for (const took of [50, 501, 501, 300, 99, 50, 50]) rows.push(await batch(took));
  expect(rows).toEqual([100, 100, 50, 25, 25, 50, 100]);
});

test("a batch that times out is never repeated as it was", async () => {
  const { size } = sizes();
  const tried: number[] = [];
  const atMost = (most: number) => async (rows: number) => {
    tried.push(rows);
    if (rows > most) throw new DatabaseTimeoutError();
    return rows;
  };
  await expect(size.run(atMost(30))).rejects.toBeInstanceOf(DatabaseTimeoutError);
  expect(await size.runSmaller(atMost(30))).toBe(25);
  expect(tried).toEqual([100, 50, 25]);
  await expect(size.runSmaller(atMost(0))).rejects.toBeInstanceOf(DatabaseTimeoutError);
  expect(tried.slice(3)).toEqual([50, 25, 12, 6, 3, 1]);
});

test("another failure leaves the size as it is", async () => {
  const { size } = sizes();
  await expect(size.run(() => Promise.reject(new Error("other")))).rejects.toThrow("other");
  expect(size.rows).toBe(100);
});
