// What an operator sees of doctor, realm apply and the registrations that are left.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { createDatabase, createRepositories, type PrismaClient } from "@libs/database";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { type AuthctlTarget, authctl, authctlOnTerminal } from "./support/authctl.ts";
import { realmAdmin } from "./support/realm-admin.ts";

let stack: TestStack;
let realm: TestRealm;
let target: AuthctlTarget;
let database: PrismaClient;
let setup: Record<string, string>;
beforeAll(async () => {
  stack = await useStack();
  realm = await stack.createRealm();
  const databaseUrl = (await stack.createDatabase()).url;
  target = { ...stack, ...realm, databaseUrl };
  database = createDatabase(databaseUrl);
  const { username, password } = stack.keycloakAdmin;
  setup = {
    KEYCLOAK_ADMIN_USERNAME: username,
    KEYCLOAK_ADMIN_PASSWORD: password,
    KEYCLOAK_SSL_REQUIRED: "none",
    KEYCLOAK_BACKCHANNEL_LOGOUT_URL: "http://localhost:3000/auth/backchannel-logout",
  };
}, STACK_TIMEOUT_MS);
afterAll(() => database?.$disconnect());

/** The lines of a screen, without colours. */
const plain = (screen: string) => Bun.stripANSI(screen).replaceAll("\r", "");

describe("realm apply", () => {
  const backchannel = async () => {
    const admin = await realmAdmin({ ...stack, realm: realm.realm });
    const [client] = await admin.clients.find({ clientId: realm.clientId });
    return client?.attributes?.["backchannel.logout.url"];
  };

  test("shows the difference, asks, and takes no for an answer", async () => {
    const { code, screen } = await authctlOnTerminal(target, ["realm", "apply"], { type: "n", environment: setup });
    expect(plain(screen)).toContain(
      `client ${realm.clientId}: attributes: backchannel.logout.url not set → http://localhost:3000/auth/backchannel-logout`,
    );
    expect(plain(screen)).toContain("Nothing was changed.");
    expect(screen).not.toContain(realm.clientSecret);
    expect(code).toBe(0);
    expect(await backchannel()).toBeUndefined();
  });

  test("--dry-run asks nothing, and without a terminal --yes is needed", async () => {
    const { code, out } = await authctl({ ...target }, ["realm", "apply", "--dry-run"], undefined, setup);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("nothing was changed") });
    const asked = await authctl(target, ["realm", "apply"], undefined, setup);
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
    expect(await backchannel()).toBeUndefined();
  });

  test("--yes changes it, once", async () => {
    expect((await authctl(target, ["realm", "apply", "--yes"], undefined, setup)).out).toContain("changes made");
    expect(await backchannel()).toBe("http://localhost:3000/auth/backchannel-logout");
    expect((await authctl(target, ["realm", "apply"], undefined, setup)).out).toBe("nothing to change\n");
  });
});

describe("doctor", () => {
  test("is one line where all is well", async () => {
    expect(await authctl(target, ["doctor"], undefined, setup)).toEqual({ code: 0, out: "healthy\n", err: "" });
    const { code, out } = await authctl(target, ["doctor"]);
    expect({ code, lines: out.trim().split("\n").length }).toEqual({ code: 0, lines: 1 });
    expect(out).toStartWith("healthy; not checked:");
  });

  test("says what is wrong and what to do, and ends with 1", async () => {
    const wrong = { ...target, issuer: "https://login.example.test/realms/app" };
    const { code, out } = await authctl(wrong, ["doctor"]);
    expect(code).toBe(1);
    expect(out).toMatch(
      /error {4}keycloak\.issuer_mismatch\n.*another issuer.*\n.*login\.example\.test.*\n.*→ set KEYCLOAK_ISSUER/,
    );
    expect(out).toContain("1 error, 0 warnings");
    const lines = (await authctl(wrong, ["doctor", "--json"])).out.trim().split("\n");
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records).toMatchObject([
      { type: "finding", code: "keycloak.issuer_mismatch", severity: "error" },
      { type: "result", errors: 1, warnings: 0, notes: 0 },
    ]);
  });

  test("notes alone are healthy, warnings alone are no failure", async () => {
    const { KEYCLOAK_BACKCHANNEL_LOGOUT_URL: _, ...others } = setup;
    const admin = await realmAdmin({ ...stack, realm: realm.realm });
    const [client] = await admin.clients.find({ clientId: realm.clientId });
    const attributes = { ...client?.attributes, "backchannel.logout.url": "" };
    await admin.clients.update({ id: client?.id ?? "" }, { ...client, attributes });
    const noted = await authctl(target, ["doctor"], undefined, others);
    expect(noted.code).toBe(0);
    expect(noted.out).toStartWith("note     client.backchannel_missing\n");
    expect(noted.out).toEndWith("\nhealthy; 1 note\n");
    await admin.realms.update({ realm: realm.realm }, { revokeRefreshToken: true });
    const warned = await authctl(target, ["doctor"], undefined, others);
    expect(warned.code).toBe(0);
    expect(warned.out).toStartWith("warning  realm.rotation_on\n");
    expect(warned.out).toEndWith("\n0 errors, 1 warning, 1 note\n");
  });
});

describe("registrations", () => {
  test("lists what is open, and has it taken up again", async () => {
    expect((await authctl(target, ["registrations", "list"])).out).toBe("no registration is open\n");
    const { registrations } = createRepositories(database);
    const [parked, waiting] = [randomUUID(), randomUUID()];
    const [now, later] = [new Date(), new Date(Date.now() + 3_600_000)];
    const profile = {
      firstName: "Ada",
      lastName: "Lovelace",
      emailVerified: false,
      enabled: true,
      storeId: null,
      organizationId: null,
      metadata: {},
    };
    for (const id of [parked, waiting]) {
      const names = { username: `ada-${id}`, email: `${id}@example.test` };
      await registrations.begin({ id, ...names, profile, idempotencyKey: null, now, recoverAt: later, lostUntil: now });
    }
    await registrations.park(parked, "registration.too_old", now);
    const { out } = await authctl(target, ["registrations", "list"]);
    for (const text of [parked, waiting, "pending, parked", "over a day old", "1 parked, 1 in progress"])
      expect(out).toContain(text);
    const lines = (await authctl(target, ["registrations", "list", "--json"])).out.trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id).sort()).toEqual([parked, waiting].sort());
    expect(lines.join()).not.toContain("Lovelace");

    expect((await authctl(target, ["registrations", "retry"])).code).toBe(2);
    const again = await authctl(target, ["registrations", "retry", "--yes"]);
    expect(again).toMatchObject({ code: 0, out: "1 handed back to the gateway's recovery\n" });
    expect(await registrations.findById(parked)).toMatchObject({ parkedAt: null, lastError: "registration.retried" });
    const one = await authctl(target, ["registrations", "retry", waiting, "nobody", "--yes"]);
    expect(one.err).toContain("nobody is not open");
    expect((await registrations.findById(waiting))?.nextAttemptAt?.getTime()).toBeLessThan(later.getTime());
  });
});
