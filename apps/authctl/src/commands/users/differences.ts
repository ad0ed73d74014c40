import type { Difference, DifferenceKind } from "@libs/keycloak-authV2/services/bulk";
import { InvalidArgumentError } from "commander";
import type { ReportRow } from "../../ui/open-report.ts";
import { printable, renderTable } from "../../ui/render-table.ts";
import type { Terminal } from "../../ui/terminal.ts";

const MEANING: Record<DifferenceKind, string> = {
  missing: "in Keycloak, but not here",
  extra: "here, and gone from Keycloak",
  field: "a field that Keycloak owns differs",
  session: "live here, although its user or Keycloak's session is gone",
};

export const DIFFERENCE_COLUMNS = [
  "kind",
  "userId",
  "username",
  "field",
  "keycloak",
  "local",
  "sessionId",
  "keycloakSessionId",
  "reason",
] as const;

/** So many are shown; a report has them all. */
const SHOWN = 10;

/** Keeps the first differences, for the summary. */
export class DifferenceSample {
  readonly #first: string[] = [];
  #count = 0;

  add(difference: Difference, outcome?: string): void {
    this.#count += 1;
    if (this.#first.length < SHOWN)
      this.#first.push(outcome ? `${describe(difference)} → ${outcome}` : describe(difference));
  }

  print(terminal: Terminal, reportPath: string | undefined): void {
    for (const line of this.#first) terminal.print(`  ${line}`);
    const more = this.#count - this.#first.length;
    if (more > 0) terminal.print(`  … and ${more.toLocaleString("en")} more`);
    if (this.#count === 0) return;
    terminal.print(reportPath ? `All of them are in ${reportPath}.` : "--report FILE lists all of them.");
  }
}

/** A table of how many there are of each kind. */
export function printDifferences(terminal: Terminal, differences: Record<DifferenceKind, number>): void {
  const rows = Object.entries(differences) as [DifferenceKind, number][];
  terminal.print(
    renderTable(
      terminal,
      ["difference", "found", "meaning"],
      rows.map(([kind, count]) => [kind, count, MEANING[kind]]),
    ),
  );
}

/** @throws InvalidArgumentError */
export function differenceKinds(text: string): DifferenceKind[] {
  const kinds = text.split(",").map((kind) => kind.trim());
  if (kinds.every((kind): kind is DifferenceKind => Object.hasOwn(MEANING, kind))) return kinds;
  throw new InvalidArgumentError(`Expected any of: ${Object.keys(MEANING).join(", ")}.`);
}

export function rowOf(difference: Difference): ReportRow {
  return { ...difference };
}

function describe(difference: Difference): string {
  const who = `${difference.kind} ${printable(difference.userId)} ${printable(difference.username)}`;
  switch (difference.kind) {
    case "missing":
      return difference.local === "tombstone" ? `${who}: marked as deleted here` : who;
    case "extra":
      return who;
    case "field":
      return `${who}: ${difference.field} is ${show(difference.local)} here, ${show(difference.keycloak)} in Keycloak`;
    case "session":
      return `${who}: ${printable(difference.sessionId)}, ${difference.reason}`;
  }
}

const show = (value: string | boolean | null) => (value === null ? "not set" : printable(JSON.stringify(value)));
