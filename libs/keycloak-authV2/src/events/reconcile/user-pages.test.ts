import { expect, test } from "bun:test";
import { OutageRetry } from "../../services/bulk/outage-retry.ts";
import { ReadPace } from "../../services/bulk/read-pace.ts";
import { ScanReader } from "../../services/bulk/scan-reader.ts";
import type { ComposedDeps } from "../../services/sync/composed-deps.ts";
import { createBulkFixture } from "../../testing/bulk-fixture.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import { userPages } from "./user-pages.ts";

test.each([2, 5, 9])(
  "nobody of one crowded millisecond is left out while pages change their size: %i",
  async (size) => {
    const { bulkDeps, keycloak, addUser } = createBulkFixture();
    const ids = Array.from({ length: 23 }, (_, place) => `m${100 + place}`);
    for (const id of ids) addUser(id, 1_000);
    const retry = new OutageRetry({ outageMs: 0 });
    const reader = new ScanReader({ ...bulkDeps, pace: new ReadPace({ concurrency: 1 }), retry }, {}, 5);
    const witnessId = keycloak.serviceAccount.id;
    const run: ReconcileRun<ComposedDeps> = {
      deps: bulkDeps,
      retry,
      witnessId,
      pageSize: size,
      passedOver: new Set<string>(),
      called: () => {},
      comparesPasswords: async () => false,
    };
    const read = new Set<string>();
    for await (const { users } of userPages(run, reader, { through: -1, spanSize: size }))
      for (const { id } of users) read.add(id);
    expect([...read].filter((id) => id !== witnessId).sort()).toEqual(ids);
  },
);
