import Table from "cli-table3";
import type { Terminal } from "./terminal.ts";

/** Text is made {@link printable}; with `paint` it gets a colour after that. */
export type Cell = string | number | null | { text: string; paint: (text: string) => string };

/** Rows of cells as text: a line under the head, numbers to the right. @param head null: none */
export function renderTable(
  terminal: Pick<Terminal, "colors">,
  head: readonly string[] | null,
  rows: readonly (readonly Cell[])[],
): string {
  const { bold } = terminal.colors;
  const columns = Math.max(head?.length ?? 0, ...rows.map((row) => row.length));
  const numeric = Array.from({ length: columns }, (_, at) => rows.some((row) => typeof row[at] === "number"));
  const table = new Table({
    ...(head && { head: head.map((text) => bold(text)) }),
    colAligns: numeric.map((right) => (right ? "right" : "left")),
    // No lines between rows: they would double the length.
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push(row.map(textOf));
  return table.toString();
}

function textOf(cell: Cell): string {
  if (cell === null) return "–";
  if (typeof cell === "number") return cell.toLocaleString("en");
  return typeof cell === "string" ? printable(cell) : cell.paint(printable(cell.text));
}

/** Names come from strangers: what could steer the terminal is shown as an escape. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
