import { closeSync, openSync, writeSync } from "node:fs";
import { stringify } from "csv-stringify/sync";
import { UsageError } from "../input/usage-error.ts";

export type ReportRow = Record<string, string | number | boolean | null | undefined>;

/** A file with one record for each thing found. */
export interface Report {
  write: (row: ReportRow) => void;
  close: () => void;
}

/** Bytes; a record is written out at the latest when the file is closed. */
const BUFFERED = 64 * 1024;

/**
 * Opens a report: CSV (RFC 4180) where the name ends with `.csv`, NDJSON otherwise. It holds personal data, so that only
 * its owner may read it; one that is there is replaced.
 * @param columns of the CSV, in order
 * @throws UsageError when it can't be written
 */
export function openReport(path: string, columns: readonly string[]): Report {
  let file: number;
  try {
    file = openSync(path, "w", 0o600);
  } catch (error) {
    throw new UsageError(`the report can't be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  const csv = path.toLowerCase().endsWith(".csv");
  let waiting = csv ? stringify([[...columns]]) : "";
  const flush = () => {
    if (waiting) writeSync(file, waiting);
    waiting = "";
  };
  return {
    write(row) {
      waiting += csv ? csvLine(columns.map((column) => row[column])) : `${JSON.stringify(row)}\n`;
      if (waiting.length >= BUFFERED) flush();
    },
    close() {
      flush();
      closeSync(file);
    },
  };
}

function csvLine(values: readonly ReportRow[string][]): string {
  // A name that begins like a formula must not become one in a spreadsheet.
  return stringify([values], { escape_formulas: true, cast: { boolean: String } });
}
