// Each misconfiguration is planted on the real stack, named by the doctor, and taken back: then it is silent again.
import { beforeAll, describe, expect, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { applyRealm, type RealmOptions } from "@libs/keycloak-realm";
import { type DoctorOptions, findingCatalogue, runDoctor } from "@libs/keycloak-realm/doctor";
import { SQL } from "bun";
import { realmAdmin } from "./support/realm-admin.ts";

const newKey = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;
const ring = newKey("k1");
const hourMs = 3_600_000;
const settings = { backchannelLogoutUrl: "http://localhost:3000/auth/backchannel-logout" };

let stack: TestStack;
let realm: TestRealm;
let admin: KcAdminClient;
let sql: SQL;
let healthy: DoctorOptions;
let setup: RealmOptions;

beforeAll(async () => {
  stack = await useStack();
  realm = await stack.createRealm(settings);
  admin = await realmAdmin({ ...stack, realm: realm.realm });
  const { url } = await stack.createDatabase();
  sql = new SQL(url, { max: 1 });
  const { realm: name, clientId, clientSecret } = realm;
  healthy = {
    keycloak: { url: stack.keycloakUrl, realm: name, clientId, clientSecret },
    databaseUrl: url,
    tokenEncryptionKeys: ring,
    admin: stack.keycloakAdmin,
    ...settings,
  };
  const at = { keycloakUrl: stack.keycloakUrl, admin: stack.keycloakAdmin, realm: name, clientId, clientSecret };
  setup = { ...at, ...settings, sslRequired: "none" };
}, STACK_TIMEOUT_MS);

const codesOf = async (options: Partial<DoctorOptions> = {}) =>
  (await runDoctor({ ...healthy, ...options })).findings.map(({ code }) => code);
/** Without the administrator: what the gateway's own client sees. */
const unprivileged = { admin: undefined } as unknown as Partial<DoctorOptions>;

const gateway = async () => (await admin.clients.find({ clientId: realm.clientId }))[0] as { id: string };
const changeRealm = (change: object) => admin.realms.update({ realm: realm.realm }, change);
async function changeClient(change: object): Promise<void> {
  const client = await gateway();
  await admin.clients.update({ id: client.id }, { ...client, ...change });
}
async function roles(names: string[]) {
  const [management] = await admin.clients.find({ clientId: "realm-management" });
  const { id = "" } = await admin.clients.getServiceAccountUser({ id: (await gateway()).id });
  const all = await admin.clients.listRoles({ id: management?.id ?? "" });
  const chosen = all.filter(({ name = "" }) => names.includes(name)).map(({ id = "", name = "" }) => ({ id, name }));
  return { id, clientUniqueId: management?.id ?? "", roles: chosen };
}

describe("a healthy system", () => {
  test("finds nothing, with and without the setup credential", async () => {
    expect(await runDoctor(healthy)).toEqual({ findings: [], unchecked: [] });
    const { findings, unchecked } = await runDoctor({ ...healthy, ...unprivileged });
    expect(findings).toEqual([]);
    expect(unchecked).toHaveLength(1);
  });
});

interface Planted {
  plant: () => Promise<unknown>;
  finds: keyof typeof findingCatalogue;
  /** Only the setup credential sees it. */
  privileged?: true;
  /** What `realm apply` leaves to the operator. */
  undo?: () => Promise<unknown>;
}

const plantedInRealm: Record<string, Planted> = {
  "user events are off": { plant: () => changeRealm({ eventsEnabled: false }), finds: "events.user_events_off" },
  "admin events are off": { plant: () => changeRealm({ adminEventsEnabled: false }), finds: "events.admin_events_off" },
  "an event type is missing": {
    plant: () => changeRealm({ enabledEventTypes: ["LOGIN"] }),
    finds: "events.types_missing",
  },
  "client logins are stored": {
    plant: async () => {
      const { enabledEventTypes = [] } = (await admin.realms.findOne({ realm: realm.realm })) ?? {};
      await changeRealm({ enabledEventTypes: [...enabledEventTypes, "CLIENT_LOGIN"] });
    },
    finds: "events.unwanted_types",
  },
  "events are kept for a minute": {
    plant: () => changeRealm({ eventsExpiration: 60 }),
    finds: "events.kept_too_short",
  },
  "admin events are kept for a minute": {
    plant: () => changeRealm({ attributes: { adminEventsExpiration: "60" } }),
    finds: "events.kept_too_short",
    privileged: true,
  },
  "nobody stops guessing": { plant: () => changeRealm({ bruteForceProtected: false }), finds: "realm.brute_force_off" },
  "refresh tokens rotate": {
    plant: () => changeRealm({ revokeRefreshToken: true }),
    finds: "realm.rotation_on",
    privileged: true,
  },
  "access tokens live for a day": {
    plant: () =>
      changeRealm({ accessTokenLifespan: 86_400 / 2, ssoSessionIdleTimeout: 86_400, ssoSessionMaxLifespan: 86_400 }),
    finds: "realm.access_token_life",
    undo: () => changeRealm({ accessTokenLifespan: 300, ssoSessionIdleTimeout: 1_800, ssoSessionMaxLifespan: 36_000 }),
  },
  "sessions end before their tokens": {
    plant: () => changeRealm({ accessTokenLifespan: 300, ssoSessionIdleTimeout: 120 }),
    finds: "realm.session_life",
    privileged: true,
    undo: () => changeRealm({ ssoSessionIdleTimeout: 1_800 }),
  },
  "two users may have one email": {
    plant: () => changeRealm({ loginWithEmailAllowed: false, duplicateEmailsAllowed: true }),
    finds: "realm.duplicate_emails",
    privileged: true,
    undo: () => changeRealm({ loginWithEmailAllowed: true, duplicateEmailsAllowed: false }),
  },
  "the registration mark is not declared": {
    plant: async () => {
      const profile = await admin.users.getProfile({});
      const attributes = profile.attributes?.filter(({ name }) => name !== "registrationId");
      await admin.users.updateProfile({ ...profile, attributes });
    },
    finds: "user_profile.mark_missing",
  },
  "the client may not log people in": {
    plant: () => changeClient({ directAccessGrantsEnabled: false }),
    finds: "client.password_grant_off",
  },
  "the client is disabled": { plant: () => changeClient({ enabled: false }), finds: "client.unknown" },
  "full scope is on": { plant: () => changeClient({ fullScopeAllowed: true }), finds: "client.full_scope_on" },
  "the service account is off": {
    plant: () => changeClient({ serviceAccountsEnabled: false }),
    finds: "client.service_account_off",
  },
  "the audience is missing": {
    plant: async () => {
      const { id } = await gateway();
      for (const mapper of await admin.clients.listProtocolMappers({ id }))
        if (mapper.protocolMapper === "oidc-audience-mapper")
          await admin.clients.delProtocolMapper({ id, mapperId: mapper.id ?? "" });
    },
    finds: "client.audience_missing",
  },
  "the back-channel goes elsewhere": {
    plant: async () => {
      const { attributes } = (await gateway()) as { attributes?: object };
      await changeClient({ attributes: { ...attributes, "backchannel.logout.url": "http://localhost:1/other" } });
    },
    finds: "client.backchannel_other",
    privileged: true,
  },
  "the service account lacks a role": {
    plant: async () => admin.users.delClientRoleMappings(await roles(["view-events"])),
    finds: "service_account.role_missing",
  },
  "the service account may too much": {
    plant: async () => admin.users.addClientRoleMappings(await roles(["manage-realm"])),
    finds: "service_account.role_extra",
    privileged: true,
  },
  "the realm has an administrator of its own": {
    plant: async () => {
      const { id } = await admin.users.create({ username: "boss", enabled: true });
      await admin.users.addClientRoleMappings({ ...(await roles(["realm-admin"])), id });
    },
    finds: "realm.admins_inside",
    privileged: true,
    undo: async () => {
      const [boss] = await admin.users.find({ username: "boss" });
      await admin.users.del({ id: boss?.id ?? "" });
    },
  },
};

describe("planted in the realm", () => {
  for (const [what, { plant, finds, privileged, undo }] of Object.entries(plantedInRealm)) {
    test(what, async () => {
      await plant();
      const { findings } = await runDoctor(healthy);
      const found = findings.find(({ code }) => code === finds);
      expect(found, JSON.stringify(findings)).toMatchObject(findingCatalogue[finds]);
      if (!privileged) expect(await codesOf(unprivileged)).toContain(finds);
      await undo?.();
      await applyRealm(setup);
      expect(await runDoctor(healthy)).toEqual({ findings: [], unchecked: [] });
    });
  }
});

describe("planted in what the gateway is given", () => {
  const other = (change: Partial<DoctorOptions["keycloak"]>) => ({ keycloak: { ...healthy.keycloak, ...change } });

  test("another secret, another realm, another issuer", async () => {
    expect(await codesOf({ ...other({ clientSecret: "not-this-one" }), ...unprivileged })).toEqual(["client.refused"]);
    expect(await codesOf(other({ clientSecret: "not-this-one" }))).toEqual(["client.refused"]);
    expect(await codesOf({ ...other({ realm: `no-${realm.realm}` }) })).toEqual(["keycloak.realm_missing"]);
    expect(await codesOf(other({ issuer: "https://login.example.test/realms/app" }))).toContain(
      "keycloak.issuer_mismatch",
    );
  });

  test("a client that is not there", async () => {
    expect(await codesOf({ ...other({ clientId: "nobody" }), ...unprivileged })).toEqual(["client.unknown"]);
    const codes = await codesOf(other({ clientId: "nobody" }));
    expect(codes).toContain("client.missing");
    expect(codes).not.toContain("client.unknown");
  });

  test("passwords over plain HTTP from elsewhere", async () => {
    expect(await codesOf(other({ issuer: "http://login.example.test/realms/app" }))).toContain(
      "realm.https_not_required",
    );
  });

  test("servers that are not there", async () => {
    const nobody = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { port } = nobody;
    nobody.stop(true);
    expect(await codesOf(other({ url: `http://127.0.0.1:${port}` }))).toEqual(["keycloak.unreachable"]);
    const away = await runDoctor({ ...healthy, databaseUrl: `postgresql://u:pass-word-1@127.0.0.1:${port}/d` });
    expect(away.findings.map(({ code }) => code)).toEqual(["database.unreachable"]);
    expect(away.unchecked).toHaveLength(1);
    expect(JSON.stringify(away)).not.toContain("pass-word-1");
  });

  test("a refused administrator", async () => {
    expect(await codesOf({ admin: { username: "admin", password: "wrong" } })).toEqual(["keycloak.admin_refused"]);
  });

  test("a clock that is wrong", async () => {
    const ahead = (ms: number) => codesOf({ now: () => Date.now() + ms });
    expect((await ahead(hourMs)).sort()).toEqual(["clock.database", "clock.keycloak"]);
    expect((await ahead(-5_000)).sort()).toEqual(["clock.database_drifts", "clock.keycloak_drifts"]);
  });

  test("more connections than there are", async () => {
    expect(await codesOf({ poolSize: 200, replicas: 10 })).toEqual(["database.connections"]);
  });

  test("no key ring, or a broken one", async () => {
    for (const tokenEncryptionKeys of ["", "k1:short", `${ring},${ring}`]) {
      const { findings } = await runDoctor({ ...healthy, tokenEncryptionKeys });
      expect(findings.map(({ code }) => code)).toEqual(["keys.invalid"]);
      expect(JSON.stringify(findings)).not.toContain(ring.slice(3));
    }
  });
});

describe("planted in the database", () => {
  test("a migration is missing, one was edited, one is from the future", async () => {
    const last = () => sql`SELECT * FROM _prisma_migrations ORDER BY migration_name DESC LIMIT 1`;
    const [row] = await last();
    await sql`UPDATE _prisma_migrations SET checksum = 'edited' WHERE id = ${row.id}`;
    expect(await codesOf()).toEqual(["database.migration_edited"]);
    await sql`UPDATE _prisma_migrations SET checksum = ${row.checksum}, finished_at = NULL WHERE id = ${row.id}`;
    expect(await codesOf()).toEqual(["database.migration_failed"]);
    await sql`UPDATE _prisma_migrations SET finished_at = now(), migration_name = '29990101000000_later'
      WHERE id = ${row.id}`;
    expect(await codesOf()).toEqual(["database.migrations_missing", "database.migrations_newer"]);
    await sql`UPDATE _prisma_migrations SET migration_name = ${row.migration_name} WHERE id = ${row.id}`;
    expect(await codesOf()).toEqual([]);
  });

  test("tokens under a key that is gone, or whose id means another key", async () => {
    const { TokenCipher, parseKeyRing } = await import("../libs/keycloak-authV2/src/crypto/index.ts");
    const [userId, sessionId] = [randomUUID(), randomUUID()];
    const gone = newKey("k0");
    const place = { sessionId, column: "access_token" };
    const token = new TokenCipher(parseKeyRing(gone)).encrypt("a token", place);
    await sql`INSERT INTO users (id, username, synced_at) VALUES (${userId}, 'somebody', now())`;
    await sql`INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, token_expires_at, started_at,
        last_seen_at)
      VALUES (${sessionId}, ${userId}, ${sessionId}, ${token}, now(), now(), now())`;
    const { findings } = await runDoctor(healthy);
    expect(findings).toMatchObject([{ code: "keys.unknown", detail: "k0" }]);
    expect(await codesOf({ tokenEncryptionKeys: `${ring},${newKey("k0")}` })).toEqual(["keys.undecryptable"]);
    expect(await codesOf({ tokenEncryptionKeys: `${ring},${gone}` })).toEqual([]);
    await sql`DELETE FROM users WHERE id = ${userId}`;
  });
});
