import type { NewNotice } from "../../ports/feed-repository.ts";
import { fresh } from "./contract-subject.ts";

const DAY = 86_400_000;
let days = 0;

/** Tests share the table, so each works in a time of its own, before the others' rows. */
export function feedEra(): (seconds: number) => Date {
  days -= 10;
  const start = Date.parse("2019-01-01T00:00:00.123Z") + days * DAY;
  return (seconds) => new Date(start + seconds * 1000);
}

export function noticeOf(change: Partial<NewNotice> = {}): NewNotice {
  return { kind: "user", subject: fresh("subject"), source: "admin_events", changedAt: null, ...change };
}
