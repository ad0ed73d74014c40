import { drawProgress } from "./draw-progress.ts";
import { listProgress } from "./list-progress.ts";
import type { ProgressDisplay } from "./progress-display.ts";
import type { Counting } from "./progress-text.ts";
import type { Terminal } from "./terminal.ts";

/** A bar on a terminal, lines elsewhere; with `--json` nothing, since the commands write that themselves. */
export function openProgressDisplay(
  terminal: Terminal,
  options: { json?: boolean; counting: Counting },
): ProgressDisplay {
  if (options.json) return { show: () => {}, note: () => {}, close: () => {} };
  return terminal.canvas
    ? drawProgress(terminal.canvas, terminal.reportColors, options.counting)
    : listProgress(terminal.report, options.counting);
}
