import { expect, test } from "bun:test";
import type { DomainEvent } from "@libs/database";
import { SetupError } from "@libs/problems";
import { toDomainEvent, toEventJob } from "./event-job.ts";
import { eventQueueName } from "./event-queue.ts";

const ended = (version: bigint): DomainEvent => ({
  type: "session.ended",
  userId: "f:component:ada",
  version,
  at: new Date("2026-11-23T16:00:00.123Z"),
  payload: { sessionId: "s1", reason: "user_disabled" },
});

test("an event comes out of its queue as it went in", () => {
  const job = toEventJob(ended(2n ** 40n));
  expect(job.singletonKey).toBe("f:component:ada");
  const stored = JSON.parse(JSON.stringify(job.data));
  expect(toDomainEvent(stored)).toEqual(ended(2n ** 40n));
});

test("the ids of a user's jobs are in the order of the versions, and never the same twice", () => {
  const versions = [1n, 2n, 9n, 10n, 255n, 256n, 65_536n, 2n ** 40n];
  const ids = versions.map((version) => toEventJob(ended(version)).id ?? "");
  expect(ids.toSorted()).toEqual(ids);
  expect(toEventJob(ended(1n)).id).not.toBe(ids[0] ?? "");
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("a subscriber's name is one that a queue may have", () => {
  expect(eventQueueName("order-mails_2")).toBe("events-order-mails_2");
  for (const name of ["", "Mails", "-mails", "a b", "x'; --", "a".repeat(41)]) {
    expect(() => eventQueueName(name)).toThrow(SetupError);
  }
});
