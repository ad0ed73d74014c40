import { formatTime } from "./format-time.ts";

/** To the minute, in UTC: `2026-11-23 16:40`; null: a dash. */
export function formatMinute(time: Date | null): string {
  return formatTime(time).slice(0, 16);
}
