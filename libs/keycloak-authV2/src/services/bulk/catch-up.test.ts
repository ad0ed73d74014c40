import { expect, test } from "bun:test";
import { createBulkFixture } from "../../testing/bulk-fixture.ts";
import { syncUsers } from "./sync-users.ts";
import { verifyUsers } from "./verify-users.ts";

test("where events can't be read a sync ends without them, and a verify finds what changed since", async () => {
  const fixture = createBulkFixture({ features: { eventsByTime: false } });
  const [first = ""] = fixture.addUsers(30);
  const { keycloak, bulkDeps, database } = fixture;
  keycloak.calls.length = 0;
  const result = await syncUsers(bulkDeps, { outageMs: 0 });
  expect(result).toMatchObject({ state: "finished", counts: { inserted: 30 } });
  expect(keycloak.calls.filter((call) => call.endsWith("_events"))).toEqual([]);
  expect(database.users.size).toBe(30);
  Object.assign(keycloak.users.get(first) ?? {}, { email: "later@example.test" });
  expect((await verifyUsers(bulkDeps, { outageMs: 0 })).differences.field).toBe(1);
});
