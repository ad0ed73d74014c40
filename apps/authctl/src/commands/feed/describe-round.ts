import type { RoundStatus } from "@libs/keycloak-authV2/events";
import { formatDuration } from "../../ui/format-duration.ts";

/** How old the oldest comparison is, and how far the round is: `all within 9 min 3 s (period 15 min), now at 40 of 100`. */
export function describeRound(round: RoundStatus | null, now: Date): string {
  if (!round) return "never";
  const { oldestAt, periodMs, current, finishedAt } = round;
  const age = formatDuration(now.getTime() - oldestAt.getTime());
  const oldest = finishedAt ? `all within ${age}` : `not all yet, since ${age}`;
  const position = current ? `, now at ${current.done} of ${current.total}` : "";
  return `${oldest} (period ${formatDuration(periodMs)})${position}`;
}
