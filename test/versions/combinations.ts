import { KEYCLOAK_RELEASES, keycloakRelease, POSTGRES_RELEASES, postgresRelease } from "@libs/dev-stack";

/** Servers that the journeys run on together. */
export interface Combination {
  /** A full version. */
  keycloak: string;
  /** A major. */
  postgres: string;
}

const newest = <T>(list: readonly T[]): T => list.at(-1) as T;
export const NEWEST_KEYCLOAK = newest(KEYCLOAK_RELEASES).version;
export const NEWEST_POSTGRES = newest(Object.keys(POSTGRES_RELEASES));

/**
 * Each Keycloak with the newest PostgreSQL, each PostgreSQL with the newest Keycloak; the newest pair first, which the
 * others' times are compared with.
 * @param chosen versions or minors of Keycloak, majors of PostgreSQL, separated by commas; nothing chosen: all there are
 * @throws StackError for one that isn't pinned
 */
export function combinations(chosen: { keycloak?: string; postgres?: string } = {}): Combination[] {
  const all = chosen.keycloak === undefined && chosen.postgres === undefined;
  const keycloaks = all ? KEYCLOAK_RELEASES : listOf(chosen.keycloak).map(keycloakRelease);
  const majors = all ? Object.keys(POSTGRES_RELEASES) : listOf(chosen.postgres);
  for (const major of majors) postgresRelease(major);
  const found = [
    ...keycloaks.map(({ version }) => ({ keycloak: version, postgres: NEWEST_POSTGRES })).reverse(),
    ...majors.map((postgres) => ({ keycloak: NEWEST_KEYCLOAK, postgres })).reverse(),
  ];
  return [...new Map(found.map((pair) => [nameOf(pair), pair])).values()];
}

export const nameOf = ({ keycloak, postgres }: Combination): string => `Keycloak ${keycloak}, PostgreSQL ${postgres}`;

const listOf = (text = ""): string[] =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
