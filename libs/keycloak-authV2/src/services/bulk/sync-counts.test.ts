import { expect, test } from "bun:test";
import { newCounts } from "./sync-counts.ts";

test("a run that an earlier version began goes on with its counts", () => {
  expect(newCounts({ walked: 7, inserted: 3 })).toMatchObject({ scanned: 7, inserted: 3, updated: 0 });
  expect(newCounts({ walked: 7 })).not.toHaveProperty("walked");
  expect(newCounts({ scanned: 9 })).toMatchObject({ scanned: 9 });
});
