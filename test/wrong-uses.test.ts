// The errors of one family: whatever is wrong with what a public function is given, it throws a `LibraryError` with a
// stable code and a status, and its message shows no secret.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { assertGuarded, guardFirst, keycloakAuth, openGuard } from "@libs/auth-guard";
import { PublishedKeys, readTokenOptions } from "@libs/auth-guard/keycloak";
import { createTestAuth } from "@libs/auth-guard/testing";
import {
  createDatabase,
  DatabaseClient,
  type DatabaseError,
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  ForeignKeyViolationError,
  PrismaClient,
  readDatabaseTarget,
  StatementRefusedError,
  UnfinishedRegistrationError,
  UniqueViolationError,
} from "@libs/database";
import { migrate } from "@libs/database/migrate";
import { readConfig } from "@libs/http";
import { KeycloakIntegrationService, parseKeyRing, UserSyncService } from "@libs/keycloak-authV2";
import { openEventQueues, subscribeToEvents } from "@libs/keycloak-authV2/events";
import { definePermissions } from "@libs/keycloak-authV2/services/access";
import { Registry } from "@libs/observability";
import { secretFromEnvironment } from "@libs/observability/secrets";
import { AuthError, type AuthErrorCode, catalogue, LibraryError, libraryCatalogue } from "@libs/problems";
import { Elysia } from "elysia";
import { z } from "zod";

const SECRET = "do-not-show";
const url = `postgresql://app:${SECRET}@127.0.0.1:1/app`;
const keycloak = { url: "http://127.0.0.1:1", realm: "shop", clientId: "gateway", clientSecret: SECRET };
const { plugin: auth } = await createTestAuth();

const VARIABLES = ["DATABASE_URL", "KEYCLOAK_", "TOKEN_ENCRYPTION_KEYS"];
const given: Record<string, string | undefined> = {};

/** What is left out of the options is taken from the environment. */
beforeAll(() => {
  for (const name of Object.keys(process.env).filter((known) => VARIABLES.some((start) => known.startsWith(start)))) {
    given[name] = process.env[name];
    delete process.env[name];
  }
});
afterAll(() => Object.assign(process.env, given));

function createSync(tokenEncryptionKeys?: string): UserSyncService {
  const database = createDatabase(url);
  const metrics = new Registry();
  const { userRepository } = KeycloakIntegrationService.create(keycloak, database, metrics);
  return new UserSyncService(userRepository, database, metrics, tokenEncryptionKeys ? { tokenEncryptionKeys } : {});
}

const wrongUses: [what: string, use: () => unknown, code: string][] = [
  ["keycloakAuth() without any setting", () => keycloakAuth(), "setup.missing"],
  ["openGuard() without Keycloak", () => openGuard({ databaseUrl: url }), "setup.missing"],
  [
    "openGuard() without a realm",
    () => openGuard({ databaseUrl: url, url: "http://x", clientId: "x" }),
    "setup.missing",
  ],
  [
    "openGuard() with the keys of another realm",
    () => {
      const publishedKeys = new PublishedKeys({ certs: "http://x/realms/other/protocol/openid-connect/certs" });
      return openGuard({ databaseUrl: url, url: "http://x", realm: "r", clientId: "x", publishedKeys });
    },
    "setup.invalid",
  ],
  ["a token's size that is no number", () => tokenOptions({ KEYCLOAK_TOKEN_MAX_BYTES: SECRET }), "setup.invalid"],
  ["an unknown algorithm", () => tokenOptions({ KEYCLOAK_SIGNING_ALGORITHMS: "none" }), "setup.invalid"],
  ["auth: false", () => new Elysia().use(auth).get("/", "", { auth: false as never }), "guard.invalid"],
  ["public: false", () => new Elysia().use(auth).get("/", "", { public: false as never }), "guard.invalid"],
  ["an empty list", () => new Elysia().use(auth).get("/", "", { roles: [] }), "guard.invalid"],
  ["an age of zero", () => new Elysia().use(auth).get("/", "", { maxAuthAgeSeconds: 0 }), "guard.invalid"],
  ["a route that is neither guarded nor public", () => assertGuarded(new Elysia().get("/", "")), "guard.missing"],
  [
    "a guard without its plugin",
    () => guardFirst(new Elysia().get("/", "", { auth: true } as object)),
    "guard.missing",
  ],
  ["new PrismaClient() without a URL", () => new PrismaClient(), "setup.missing"],
  ["createDatabase() with an empty URL", () => createDatabase(""), "setup.missing"],
  ["a database URL that is none", () => readDatabaseTarget(`${SECRET} at home`), "setup.invalid"],
  ["a connection to such a URL", () => new DatabaseClient(`${SECRET} at home`).connect(), "setup.invalid"],
  ["an unknown sslmode", () => readDatabaseTarget(`${url}?sslmode=sometimes`), "setup.invalid"],
  ["a certificate that is not there", () => readDatabaseTarget(`${url}?sslrootcert=/nowhere`), "setup.invalid"],
  ["migrations of an unknown server", () => migrate(url), "database.migration_failed"],
  ["migrations of no database", () => migrate(`mysql://app:${SECRET}@db/app`), "database.migration_failed"],
  ["a configuration with a fault", () => readConfig(z.object({ PORT: z.string() }), {}), "setup.invalid"],
  ["a secret's file that is not there", () => secretFromEnvironment("S", { S_FILE: "/nowhere" }), "setup.secret_file"],
  ["new UserSyncService() without keys", () => createSync(), "setup.key_ring"],
  ["new UserSyncService() with a bad key", () => createSync(`a:${SECRET}`), "setup.key_ring"],
  ["a key ring with an entry without id", () => parseKeyRing(SECRET), "setup.key_ring"],
  ["a permission's name", () => definePermissions({ "Orders:Read all": "" }), "access.permission_invalid"],
  ["a subscriber's name", () => subscribe("Not A Name"), "events.subscriber_invalid"],
  ["a subscription while the database is away", () => subscribe("newsletter"), "database.unavailable"],
  ["event queues while the database is away", () => openEventQueues({ databaseUrl: url }), "database.unavailable"],
];

const tokenOptions = (variables: Record<string, string>) => readTokenOptions(variables, "gateway");
const subscribe = (name: string) => subscribeToEvents({ databaseUrl: url, name, handle: () => {}, startLimitMs: 0 });

test.each(wrongUses)("%s", async (_, use, code) => {
  const error: unknown = await Promise.try(use).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LibraryError);
  const { code: thrown, status, entry, message } = error as LibraryError;
  expect(thrown).toBe(code);
  expect(status).toBe(entry.status);
  expect(status).toBeGreaterThanOrEqual(500);
  expect(message).not.toBe("");
  expect(message).not.toContain(SECRET);
});

const databaseErrors: [error: DatabaseError, code: AuthErrorCode][] = [
  [new DatabaseUnavailableError(), "database.unavailable"],
  [new DatabaseTimeoutError(), "database.timeout"],
  [new UniqueViolationError("users_email_key"), "database.unavailable"],
  [new UnfinishedRegistrationError(), "registration.recovering"],
  [new ForeignKeyViolationError("users_store_id_fkey"), "internal.error"],
  [new StatementRefusedError("42P01", "no such table"), "database.unavailable"],
  [new StatementRefusedError("22001", "too long"), "internal.error"],
];

test("errors of repositories have the code that a caller may learn", () => {
  for (const [error, code] of databaseErrors) {
    expect(error).toBeInstanceOf(LibraryError);
    expect(error.code).toBe(code);
    expect(error.status).toBe(catalogue[code].status);
  }
});

test("every code is in one catalogue only", () => {
  const all = [...Object.keys(catalogue), ...Object.keys(libraryCatalogue)];
  expect(new Set(all).size).toBe(all.length);
  expect(new AuthError("session.ended")).toBeInstanceOf(LibraryError);
});
