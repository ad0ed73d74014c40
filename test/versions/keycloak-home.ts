// `KEYCLOAK_HOME` with another Keycloak than the default one: it gets data of its own, not a copy of the default one's.
import { expect, test } from "bun:test";
import { openTestStack, STACK_TIMEOUT_MS, type TestStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { keycloakDistribution } from "../../tools/dev-stack/src/keycloak/distribution.ts";
import { findJava } from "../../tools/dev-stack/src/machine/java.ts";
import { keycloakVersion } from "./arrival-mode.ts";

test(
  "a KEYCLOAK_HOME of another version starts beside the default one's template of data",
  async () => {
    const java = findJava();
    if (!java) throw new Error("no Java was found");
    const { home, version } = await keycloakDistribution(java, () => {}, process.env.KEYCLOAK_VERSION || "26.4");
    process.env.KEYCLOAK_HOME = home;
    try {
      const stack = await openTestStack({ attach: false });
      try {
        expect(await keycloakVersion(stack)).toBe(version);
        expect(stack.versions?.keycloak).toBe(version);
        expect(await migratedBy(stack)).toEqual([version]);
      } finally {
        await stack.stop();
      }
    } finally {
      delete process.env.KEYCLOAK_HOME;
    }
  },
  STACK_TIMEOUT_MS,
);

/** Keycloak's own record of who has made or changed its tables. */
async function migratedBy({ databaseUrl }: TestStack): Promise<string[]> {
  const url = new URL(databaseUrl);
  url.pathname = "/keycloak";
  const sql = new SQL(url.href, { max: 1 });
  const rows: { version: string }[] = await sql`SELECT version FROM migration_model ORDER BY update_time`;
  await sql.close();
  return rows.map((row) => row.version);
}
