/**
 * The minors of Keycloak that `bun run test:matrix` runs, oldest first; `docs/compatibility.md` has what it measured.
 * @example
 * ```ts
 * import { FIRST_WITH_EVENTS, NEWEST_KEYCLOAK, OLDEST_KEYCLOAK, TESTED_KEYCLOAK } from "@libs/problems/findings";
 *
 * console.log(`Keycloak ${OLDEST_KEYCLOAK} to ${NEWEST_KEYCLOAK}, with full support from ${FIRST_WITH_EVENTS}`);
 * console.log(`tested: ${TESTED_KEYCLOAK.join(", ")}`);
 * ```
 */
export const TESTED_KEYCLOAK = [
  "24.0",
  "25.0",
  "26.0",
  "26.1",
  "26.2",
  "26.3",
  "26.4",
  "26.5",
  "26.6",
  "26.7",
] as const;

/**
 * The first minor whose events can be read one after the other.
 * @see {@link TESTED_KEYCLOAK}
 */
export const FIRST_WITH_EVENTS = "26.2";

/**
 * The oldest minor of Keycloak that is supported.
 * @see {@link TESTED_KEYCLOAK}
 */
export const OLDEST_KEYCLOAK = TESTED_KEYCLOAK[0];
/**
 * The newest minor of Keycloak that was tested.
 * @see {@link TESTED_KEYCLOAK}
 */
export const NEWEST_KEYCLOAK = TESTED_KEYCLOAK[TESTED_KEYCLOAK.length - 1] as string;

/**
 * `too_old`: refused. `without_events`: everything works, and changes in Keycloak arrive by reconciliation alone. `full`:
 * everything. `untested`: newer than all that was tested, a warning.
 * @see {@link versionSupport}
 */
export type VersionSupport = "too_old" | "without_events" | "full" | "untested";

/**
 * How well a version of Keycloak is supported.
 * @param version as Keycloak names itself: `26.7.4`, `26.4.7.redhat-00001`, `999.0.0-SNAPSHOT`
 * @example
 * ```ts
 * import { describeVersionSupport, printableVersion, type VersionSupport, versionSupport } from "@libs/problems/findings";
 *
 * const version = "26.1.5";
 * const support: VersionSupport = versionSupport(version); // "without_events"
 * console.log(printableVersion(version), support, describeVersionSupport(version));
 * ```
 */
export function versionSupport(version: string): VersionSupport {
  if (!/^\d+\.\d/.test(version)) return "untested";
  if (compareMinors(version, OLDEST_KEYCLOAK) < 0) return "too_old";
  if (compareMinors(version, NEWEST_KEYCLOAK) > 0) return "untested";
  return compareMinors(version, FIRST_WITH_EVENTS) < 0 ? "without_events" : "full";
}

/**
 * What people are to know of a version, in one sentence; empty: everything is as with the newest.
 * @param version as Keycloak names itself
 * @see {@link versionSupport}
 */
export function describeVersionSupport(version: string): string {
  const keycloak = `Keycloak ${printableVersion(version)}`;
  const sentences: Record<VersionSupport, string> = {
    too_old: `${keycloak} is too old: ${OLDEST_KEYCLOAK} is the oldest that is supported, and ${FIRST_WITH_EVENTS} the oldest with full support.`,
    without_events: `${keycloak} works without events: changes there arrive by reconciliation (feed_mode reconciliation), within RECONCILE_PERIOD_MS, deleted and disabled users sooner; ${FIRST_WITH_EVENTS} is the oldest with full support.`,
    untested: `${keycloak} is newer than ${NEWEST_KEYCLOAK}, the newest that was tested: try it on a copy first.`,
    full: "",
  };
  return sentences[versionSupport(version)];
}

/**
 * For the log and for people: never an answer's own text, which anything may stand in.
 * @param version as Keycloak names itself
 * @returns the version, or a text of our own where it does not have the form of one
 * @see {@link versionSupport}
 */
export function printableVersion(version: string): string {
  return /^[\w.+-]{1,60}$/.test(version) ? version : "of an unknown version";
}

/** Negative: the first is older. Patches and builds don't count. */
function compareMinors(one: string, other: string): number {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  return a[0] - b[0] || a[1] - b[1];
}

function numbersOf(version: string): [number, number] {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return [major, minor];
}
