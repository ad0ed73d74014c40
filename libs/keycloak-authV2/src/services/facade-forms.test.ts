// Each facade is made of one object with names, or of its parts by their places, which is how the guide makes them.
import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { createDatabase } from "@libs/database";
import { Registry } from "@libs/observability";
import { ChangeFeed } from "../events/change-feed.ts";
import { BulkService } from "./bulk/bulk-service.ts";
import { KeycloakIntegrationService } from "./integration/keycloak-integration-service.ts";
import { PersonService } from "./people/person-service.ts";
import { UserSyncService } from "./sync/user-sync-service.ts";

const database = createDatabase("postgresql://app@127.0.0.1:1/app");
const keycloak = { url: "http://127.0.0.1:1", realm: "shop", clientId: "gateway", clientSecret: "secret" };
const tokenEncryptionKeys = `a:${randomBytes(32).toString("base64")}`;

const namesOf = (metrics: Registry) => metrics.getMetricsAsArray().map(({ name }) => name);

test("both forms make the same", () => {
  const byPlace = new Registry();
  const placed = KeycloakIntegrationService.create(keycloak, database, byPlace);
  const placedSync = new UserSyncService(placed.userRepository, database, byPlace, { tokenEncryptionKeys });
  const placedFeed = new ChangeFeed(placed, database, byPlace, { tokenEncryptionKeys, readsEvents: false });
  new BulkService(placed, database, byPlace);
  new PersonService(placed, database, byPlace);

  const metrics = new Registry();
  const integration = KeycloakIntegrationService.create({ keycloak, database, metrics });
  const repository = integration.userRepository;
  const sync = new UserSyncService({ repository, database, metrics, tokenEncryptionKeys });
  const feed = new ChangeFeed({ integration, database, metrics, tokenEncryptionKeys, readsEvents: false });
  new BulkService({ integration, database, metrics });
  new PersonService({ integration, database, metrics });

  expect(integration.database).toBe(database);
  expect(placed.database).toBe(database);
  expect(namesOf(metrics)).toEqual(namesOf(byPlace));
  expect(sync.sweeps().map(({ name }) => name)).toEqual(placedSync.sweeps().map(({ name }) => name));
  expect(feed.sweeps().map(({ name }) => name)).toEqual(placedFeed.sweeps().map(({ name }) => name));
});
