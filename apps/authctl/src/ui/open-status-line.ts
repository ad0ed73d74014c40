import { clearLine, cursorTo } from "node:readline";
import type { Terminal } from "./terminal.ts";

/** What is going on, in one line that is drawn again and again. */
export interface StatusLine {
  show: (text: string) => void;
  /** Nothing is shown after it. */
  close: () => void;
}

const DRAW_EVERY_MS = 125;
const REPORT_EVERY_MS = 10_000;

/** Whether `--json` writes its records to the terminal that shows the line: they would get into each other's way. */
export const writesRecords = ({ width }: Pick<Terminal, "width">, json: boolean | undefined): boolean =>
  json === true && width !== null;

/** A line on a terminal, now and then a new one elsewhere; with `--json` nothing. */
export function openStatusLine(
  { canvas, report }: Pick<Terminal, "canvas" | "report">,
  options: { json?: boolean },
  now: () => number = Date.now,
): StatusLine {
  let [shownAt, drawn] = [Number.NEGATIVE_INFINITY, false];
  const everyMs = canvas ? DRAW_EVERY_MS : REPORT_EVERY_MS;
  return {
    show(text) {
      if (options.json || now() - shownAt < everyMs) return;
      shownAt = now();
      if (!canvas) return report(text);
      drawn = true;
      cursorTo(canvas, 0);
      canvas.write(text.slice(0, canvas.columns - 1));
      clearLine(canvas, 1);
    },
    close() {
      if (!canvas || !drawn) return;
      drawn = false;
      cursorTo(canvas, 0);
      clearLine(canvas, 0);
    },
  };
}
