import { StackError } from "../base/stack-error.ts";
import { withClient } from "../postgres/administer.ts";
import { isAtLeast } from "./releases.ts";

/**
 * Refuses existing data that a newer Keycloak has migrated: an older one ends on it with a fault of its migration.
 * @param url of Keycloak's database
 * @param version of the Keycloak that is to run on it
 * @throws StackError with both versions
 */
export async function demandNoNewerData(url: string, version: string): Promise<void> {
  const migrated = await lastMigration(url);
  if (!migrated || isAtLeast(version, majorAndMinor(migrated))) return;
  throw new StackError(
    `The data belongs to Keycloak ${migrated}, which Keycloak ${version} can't use. \`--fresh\` starts over;\n` +
      "STACK_DIR names another folder, for a second stack beside this one.",
  );
}

/** The version that Keycloak put down with its last migration; undefined before its first start was over. */
function lastMigration(url: string): Promise<string | undefined> {
  return withClient(url, async (client) => {
    const { rows: found } = await client.query("SELECT to_regclass('public.migration_model') AS table");
    if (!found[0]?.table) return undefined;
    const { rows } = await client.query("SELECT version FROM migration_model ORDER BY update_time DESC LIMIT 1");
    return rows[0]?.version as string | undefined;
  });
}

function majorAndMinor(version: string): [number, number] {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return [major, minor];
}
