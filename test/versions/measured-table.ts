import { type Combination, NEWEST_KEYCLOAK, NEWEST_POSTGRES } from "./combinations.ts";
import type { Measured } from "./measured.ts";

const HEAD = [
  "Keycloak",
  "PostgreSQL",
  "journeys passed",
  "refused logins that count",
  "`users sync` of 5,000",
  "× newest",
  "changes arrive",
];

/**
 * A table in Markdown.
 * @param pairs the rows
 * @param all every run there is, for what a row is compared with
 */
export function measuredTable(pairs: readonly Combination[], all: readonly Measured[]): string {
  const runOf = ({ keycloak, postgres }: Combination) =>
    all.find((run) => run.keycloak === keycloak && run.postgres === postgres);
  const newest = runOf({ keycloak: NEWEST_KEYCLOAK, postgres: NEWEST_POSTGRES })?.sync?.seconds;
  const total = Math.max(0, ...all.map(({ passed, failed }) => passed + failed.length));
  const rows = pairs.map((pair) => rowOf(pair, runOf(pair), { newest, total }));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(HEAD), line(HEAD.map(() => "---")), ...rows.map(line), ""].join("\n");
}

/** @param total journeys that there are: those of a file whose set-up failed are in no report */
function rowOf(
  { keycloak, postgres }: Combination,
  run: Measured | undefined,
  { newest, total }: { newest: number | undefined; total: number },
): string[] {
  if (!run) return [keycloak, postgres, ...Array.from({ length: HEAD.length - 2 }, () => "not run")];
  const limits = Object.entries(run.loginLimits).map(([refusal, counted]) => `${refusal} ${counted} of 3`);
  const { sync, arrivals } = run;
  return [
    keycloak,
    postgres,
    `${run.passed} of ${total}`,
    limits.length > 0 ? limits.join(", ") : "none",
    sync ? `${sync.seconds} s` : "failed",
    sync && newest ? (sync.seconds / newest).toFixed(1) : "–",
    arrivals ? arrivalsOf(arrivals) : "failed",
  ];
}

function arrivalsOf({ mode, median, longest }: NonNullable<Measured["arrivals"]>): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return `by ${mode}: ${seconds(median)}, at most ${seconds(longest)}`;
}
