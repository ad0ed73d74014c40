import type { BulkProgress } from "@libs/keycloak-authV2/services/bulk";
import { formatDuration } from "./format-duration.ts";
import type { ProgressDisplay } from "./progress-display.ts";
import { type Counting, describeCounts, describeWait, PHASES } from "./progress-text.ts";

const EVERY_MS = 10_000;

/** Progress as plain lines: at each change of phase or of what is waited for, and now and then, for logs. */
export function listProgress(
  report: (line: string) => void,
  counting: Counting,
  now: () => number = Date.now,
): ProgressDisplay {
  let last: string | undefined;
  let reportedAt = Number.NEGATIVE_INFINITY;
  return {
    show(progress) {
      const state = progress.waitingFor?.code ?? progress.phase;
      if (state === last && now() - reportedAt < EVERY_MS) return;
      last = state;
      reportedAt = now();
      report(describeProgress(progress, counting));
    },
    note: report,
    close: () => {},
  };
}

function describeProgress(progress: BulkProgress, counting: Counting): string {
  const { phase, done, total, rate, remainingMs } = progress;
  const wait = describeWait(progress);
  if (wait) return wait;
  if (phase === "starting") return PHASES.starting;
  const parts = [
    `${PHASES[phase]}: ${done}${total === null ? "" : ` of ${total}`}`,
    ...(rate > 0 ? [`${Math.round(rate)}/s`] : []),
    ...(remainingMs === null ? [] : [`${formatDuration(remainingMs)} left`]),
    describeCounts(progress, counting),
  ];
  return parts.filter(Boolean).join(", ");
}
