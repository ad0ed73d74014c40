import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Combination, nameOf } from "./combinations.ts";
import type { ArrivalMode } from "./figures.ts";

/** What a run of the journeys on two servers came to. */
export interface Measured extends Combination {
  /** Day of the run, e.g. "2026-11-27". */
  day: string;
  /** Journeys. */
  passed: number;
  failed: string[];
  /** Refused logins that counted, of three, by the kind of refusal. */
  loginLimits: Record<string, number>;
  sync?: undefined | { users: number; seconds: number };
  /** Of changes in Keycloak, in milliseconds. */
  arrivals?: undefined | { mode: ArrivalMode; median: number; longest: number };
}

const FILE = join(import.meta.dir, "measured.json");

/** The last run of each pair; `bun run test:matrix` replaces those that it runs. */
export function readMeasured(): Measured[] {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Measured[]) : [];
}

/** Puts a run in the place of the last one of its pair. */
export function storeMeasured(run: Measured): void {
  const merged = new Map([...readMeasured(), run].map((entry) => [nameOf(entry), entry]));
  writeFileSync(FILE, `${JSON.stringify([...merged.values()], null, 2)}\n`);
}
