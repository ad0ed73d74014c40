import type { WriteStream } from "node:tty";
import type { BulkProgress } from "@libs/keycloak-authV2/services/bulk";
import cliProgress from "cli-progress";
import { formatDuration } from "./format-duration.ts";
import type { ProgressDisplay } from "./progress-display.ts";
import { type Counting, describeCounts, describeWait, PHASES } from "./progress-text.ts";
import type { Colors } from "./terminal.ts";

const BAR_WIDTH = 24;
const DRAWS_PER_SECOND = 8;

/** Progress as one line that is drawn again and again. */
export function drawProgress(canvas: WriteStream, colors: Colors, counting: Counting): ProgressDisplay {
  const bars = new cliProgress.MultiBar(
    {
      stream: canvas,
      fps: DRAWS_PER_SECOND,
      // A process that is killed would leave the cursor hidden, or the terminal without line breaks.
      hideCursor: false,
      linewrap: true,
      barsize: BAR_WIDTH,
      clearOnComplete: false,
      // Ctrl-C is the command's own: it stops cleanly, and then closes this.
      gracefulExit: false,
      format: (options, _params, payload: Partial<Payload>) =>
        payload.progress ? drawLine(payload.progress, options, canvas.columns, counting) : "starting",
    },
    cliProgress.Presets.shades_classic,
  );
  const bar = bars.create(1, 0, {});
  return {
    show(progress) {
      bar.setTotal(Math.max(progress.total ?? progress.done, 1));
      bar.update(progress.done, { progress } satisfies Payload);
    },
    note: (line) => bars.log(`${colors.dim(line)}\n`),
    close() {
      if (!bars.isActive) return;
      // What was noted since the last draw.
      bars.update();
      bars.stop();
    },
  };
}

interface Payload {
  progress: BulkProgress;
}

function drawLine(progress: BulkProgress, options: cliProgress.Options, columns: number, counting: Counting): string {
  const { phase, done, total, rate, remainingMs, concurrency } = progress;
  const wait = describeWait(progress);
  if (wait) return wait.slice(0, columns - 1);
  const number = (value: number) => Math.round(value).toLocaleString("en");
  const share = total === null ? null : Math.min(1, total === 0 ? 1 : done / total);
  const bar = share === null ? "" : `${cliProgress.Format.BarFormat(share, options)} ${Math.floor(share * 100)}% `;
  const parts = [
    `${PHASES[phase]} ${bar}${number(done)}${total === null ? "" : `/${number(total)}`}`,
    rate > 0 ? `${number(rate)}/s` : "",
    ...(remainingMs === null ? [] : [`${formatDuration(remainingMs)} left`]),
    describeCounts(progress, counting),
    phase === "scanning" ? `${concurrency} at once` : "",
  ];
  return parts
    .filter(Boolean)
    .join(" · ")
    .slice(0, columns - 1);
}
