/** To the second, in UTC: `2026-11-23 16:40:05`; null: a dash. */
export function formatTime(time: Date | null): string {
  return time ? time.toISOString().slice(0, 19).replace("T", " ") : "–";
}
