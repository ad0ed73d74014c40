// Realms as people have them, each of which serves: the doctor finds nothing wrong with any, and names each fault that is
// planted in each.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { type DoctorOptions, findingCatalogue, runDoctor } from "@libs/keycloak-realm/doctor";
import { AuthClient } from "./support/auth-client.ts";
import { type FaultyRealm, openFaultyRealm } from "./support/faulty-realm.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { inBatches, plantedFaults } from "./support/planted-faults.ts";
import { handmadeRealm, organizationsRealm, oursRealm } from "./support/realm-shapes.ts";

interface Shape {
  make: (stack: TestStack) => Promise<TestRealm>;
  /** True, and nothing that is wrong. */
  notes: string[];
}

const shapes: Record<string, Shape> = {
  "ours, by realm apply": { make: oursRealm, notes: [] },
  "made by hand, with fine-grained permissions": {
    make: handmadeRealm,
    notes: ["client.backchannel_missing", "client.full_scope_on"],
  },
  "with organizations, federation and a broker": { make: organizationsRealm, notes: [] },
};

describe.each(Object.keys(shapes))("%s", (name) => {
  const { make, notes } = shapes[name] as Shape;
  let stack: TestStack;
  let options: DoctorOptions;
  let realm: FaultyRealm;
  let gateway: GatewayProcess;
  let unprivileged: DoctorOptions;

  beforeAll(async () => {
    stack = await useStack();
    const made = await make(stack);
    const { url: databaseUrl } = await stack.createDatabase();
    const { realm: realmName, clientId, clientSecret } = made;
    const { tokenEncryptionKeys, keycloakUrl } = stack;
    const keycloak = { url: keycloakUrl, realm: realmName, clientId, clientSecret };
    unprivileged = { keycloak, databaseUrl, tokenEncryptionKeys };
    options = { ...unprivileged, admin: stack.keycloakAdmin };
    realm = await openFaultyRealm(stack, realmName);
    gateway = await GatewayProcess.start(gatewayEnv({ ...stack, ...made, databaseUrl }));
  }, STACK_TIMEOUT_MS);
  afterAll(() => gateway?.stop());

  const codesOf = async (given: DoctorOptions) => (await runDoctor(given)).findings.map(({ code }) => code);

  test("serves: register, log in, refresh, read, log out", async () => {
    const client = new AuthClient(gateway.url);
    const person = newPerson();
    const registered = await client.register(person);
    expect(registered.status, registered.raw).toBe(201);
    const { status, raw, body } = await client.login(person);
    expect(status, raw).toBe(200);
    const session = { sessionId: body.sessionId, refreshToken: body.tokens.refresh_token };
    const refreshed = await client.refresh(session);
    expect(refreshed.status, refreshed.raw).toBe(200);
    const authorization = `Bearer ${refreshed.body.tokens.access_token}`;
    expect((await new AuthClient(gateway.url, { authorization }).get("/auth/me")).status).toBe(200);
    expect((await client.logout({ ...session, refreshToken: refreshed.body.tokens.refresh_token })).status).toBe(200);
  });

  test("is healthy, with and without the setup credential", async () => {
    const { findings, unchecked } = await runDoctor(options);
    expect(findings.map(({ code }) => String(code)).sort(), JSON.stringify(findings)).toEqual(notes);
    expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
    expect(unchecked).toEqual([]);
    const seen = (await runDoctor(unprivileged)).findings;
    expect(seen.filter(({ code }) => !notes.includes(code))).toEqual([]);
  });

  test(
    "each fault that is planted is named, and nothing else",
    async () => {
      const here = Object.entries(plantedFaults).filter(([, fault]) => !fault.fineGrained || realm.fineGrained);
      for (const batch of inBatches(Object.fromEntries(here))) {
        const what = batch.map(([name]) => name).join("; ");
        try {
          for (const [, { plant }] of batch) await plant(realm);
          const { findings } = await runDoctor(options);
          const codes = new Set(findings.map(({ code }) => code));
          const named = new Map(batch.map(([name, { finds }]) => [name, codes.has(finds)]));
          expect([...named].filter(([, isNamed]) => !isNamed)).toEqual([]);
          for (const found of findings) expect(found).toMatchObject(findingCatalogue[found.code]);
          const expected = new Set([...notes, ...batch.flatMap(([, { finds, also = [] }]) => [finds, ...also])]);
          expect(
            findings.filter(({ code }) => !expected.has(code)),
            what,
          ).toEqual([]);
          const seen = await codesOf(unprivileged);
          const unseen = batch.filter(([, { finds, privileged }]) => !privileged && !seen.includes(finds));
          expect(unseen.map(([name]) => name)).toEqual([]);
        } finally {
          await realm.restore();
        }
      }
      const left = await runDoctor(options);
      expect(left.findings.map(({ code }) => String(code)).sort(), JSON.stringify(left.findings)).toEqual(notes);
    },
    STACK_TIMEOUT_MS,
  );
});
