import Table from "cli-table3";
import { printable } from "./render-table.ts";
import type { Terminal } from "./terminal.ts";

const NO_LINES = Object.fromEntries(
  [
    "top",
    "top-mid",
    "top-left",
    "top-right",
    "bottom",
    "bottom-mid",
    "bottom-left",
    "bottom-right",
    "left",
    "left-mid",
    "mid",
    "mid-mid",
    "right",
    "right-mid",
  ].map((place) => [place, ""]),
);

/** Rows as text in columns without lines, for those that would be too wide with them. */
export function renderList(
  terminal: Pick<Terminal, "colors">,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const table = new Table({
    head: head.map((text) => terminal.colors.bold(text)),
    chars: { ...NO_LINES, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const row of rows) table.push(row.map(printable));
  return table.toString();
}
