import { beforeAll, expect, test } from "bun:test";
import { withClient } from "../postgres/administer.ts";
import type { TestStack } from "../testing/open-test-stack.ts";
import { STACK_TIMEOUT_MS, useStack } from "../testing/use-stack.ts";
import { demandNoNewerData } from "./data-version.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await useStack();
}, STACK_TIMEOUT_MS);

test("data that a newer Keycloak has migrated is refused, other data is not", async () => {
  const { url, drop } = await stack.createDatabase();
  await demandNoNewerData(url, "26.4.7");
  // Keycloak's own table and rows: one per migration.
  await withClient(url, async (client) => {
    await client.query("CREATE TABLE migration_model (id text, version text, update_time bigint)");
    await demandNoNewerData(url, "26.4.7");
    await client.query("INSERT INTO migration_model VALUES ('a', '26.7.4', 2), ('b', '26.2.5', 1)");
  });
  await demandNoNewerData(url, "26.7.0");
  await demandNoNewerData(url, "27.0.0");
  await expect(demandNoNewerData(url, "26.4.7")).rejects.toThrow(
    "belongs to Keycloak 26.7.4, which Keycloak 26.4.7 can't use",
  );
  await drop();
});
