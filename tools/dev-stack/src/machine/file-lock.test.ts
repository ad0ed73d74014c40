import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockHolder, tryLock, withFileLock } from "./file-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "lock-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("work under one lock does not overlap", async () => {
  const file = join(folder, "a.lock");
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await Promise.resolve();
    inside -= 1;
  };
  await Promise.all([1, 2, 3].map(() => withFileLock(file, work, () => {})));
  expect(most).toBe(1);
  expect(lockHolder(file)).toBeUndefined();
});

test("the lock of a dead process is taken over", () => {
  const file = join(folder, "b.lock");
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: "an earlier process" }));
  expect(tryLock(file)).toBe(true);
  expect(tryLock(file)).toBe(false);
  expect(lockHolder(file)?.pid).toBe(process.pid);
});
