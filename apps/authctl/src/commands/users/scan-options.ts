import type { BulkRunOptions, UserFilter } from "@libs/keycloak-authV2/services/bulk";
import { type Command, InvalidArgumentError } from "commander";

/** What the command line of every scan of all users may say. */
export interface ScanFlags extends UserFilter {
  pageSize?: number;
  concurrency?: number;
  maxRate?: number;
  outageMinutes?: number;
  report?: string;
  json?: boolean;
}

/** Adds the options that every scan of all users has. */
export function addScanOptions(command: Command): Command {
  return command
    .option("--search <text>", "only users whose username, email, first or last name begins with this")
    .option("--username <text>", "only users whose username contains this")
    .option("--email <text>", "only users whose email contains this")
    .option("--exact", "with --username or --email: the whole value")
    .option(
      "--created-after <date>",
      "only users created then or later, such as 2026-11-01 or 2026-11-01T12:00:00Z",
      date,
    )
    .option("--created-before <date>", "only users created then or earlier", date)
    .option("--page-size <users>", "users per read of Keycloak; default 500", wholeNumber(1, 5_000))
    .option("--concurrency <reads>", "maximum concurrent reads of Keycloak; default 2", wholeNumber(1, 16))
    .option("--max-rate <users/s>", "maximum users per second", wholeNumber(1, 1_000_000))
    .option("--outage-minutes <n>", "how long to wait for an outage to end; default 30", wholeNumber(0, 10_080))
    .option("--report <file>", "writes each finding to a file: CSV if it ends with .csv, else NDJSON")
    .option("--json", "NDJSON on standard output instead of a bar and tables");
}

/** The same for the library. */
export function runOptions(flags: ScanFlags): BulkRunOptions {
  const { search, username, email, exact, createdAfter, createdBefore } = flags;
  const filter = given({ search, username, email, exact, createdAfter, createdBefore }) as UserFilter;
  const { pageSize, concurrency, maxRate, outageMinutes } = flags;
  return given({
    pageSize,
    concurrency,
    maxRate,
    outageMs: outageMinutes === undefined ? undefined : outageMinutes * 60_000,
    filter: Object.keys(filter).length > 0 ? filter : undefined,
  }) as BulkRunOptions;
}

function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** @throws InvalidArgumentError */
export function date(text: string): Date {
  const value = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(value.getTime()))
    throw new InvalidArgumentError("Expected a date such as 2026-11-01 or 2026-11-01T12:00:00Z.");
  return value;
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return value;
  };
}
