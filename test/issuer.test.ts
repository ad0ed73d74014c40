// KEYCLOAK_ISSUER is not given anywhere here: gateway and guard take the issuer from the realm, whatever its name is,
// whatever hostname it has, under whatever path Keycloak answers, and whenever it comes up.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { decodeJwt } from "jose";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import { claimsOf } from "./support/bad-logout-tokens.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, ordersEnv, stopGateways } from "./support/gateway-process.ts";
import { PathProxy } from "./support/path-proxy.ts";
import { newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { RealmKey } from "./support/realm-key.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";
import { expectAccepted, logInAtBoth, type TwoServices, wholeJourney } from "./support/whole-journey.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await useStack();
}, STACK_TIMEOUT_MS);

afterAll(stopGateways);

const NOT_GIVEN = { KEYCLOAK_ISSUER: "" };

interface Target {
  realm: TestRealm;
  databaseUrl: string;
}

async function newTarget(nameEnd = ""): Promise<Target> {
  const [realm, { url }] = await Promise.all([stack.createRealm({}, nameEnd), stack.createDatabase()]);
  return { realm, databaseUrl: url };
}

async function startBoth({ realm, databaseUrl }: Target, keycloakUrl = stack.keycloakUrl): Promise<TwoServices> {
  const target = { ...stack, ...realm, databaseUrl, keycloakUrl };
  const [gateway, orders] = await Promise.all([
    GatewayProcess.start(gatewayEnv(target, NOT_GIVEN)),
    GatewayProcess.start(ordersEnv(target, NOT_GIVEN), "orders"),
  ]);
  return { gateway, orders };
}

const stopBoth = ({ gateway, orders }: TwoServices) => Promise.all([gateway.stop(), orders.stop()]);

async function setFrontend({ realm }: TestRealm, frontendUrl: string): Promise<void> {
  const admin = await realmAdmin({ ...stack, realm });
  const found = await admin.realms.findOne({ realm });
  await admin.realms.update({ realm }, { attributes: { ...found?.attributes, frontendUrl } });
}

describe("a realm's name", () => {
  test.each([[" my shop"], [" müller söhne"], [' it\'s 100%25 "so" <b>|^`~'], [" 日本 😀"]])(
    "may be …%s",
    async (nameEnd) => {
      const target = await newTarget(nameEnd);
      const services = await startBoth(target);
      await wholeJourney(services);
      await stopBoth(services);
      const { code, err } = await authctl({ ...stack, ...target.realm, databaseUrl: target.databaseUrl }, [
        "users",
        "verify",
      ]);
      expect({ code, err }).toMatchObject({ code: 0 });
    },
  );
});

describe("a hostname of its own", () => {
  let target: Target;
  let services: TwoServices;
  let realmKey: RealmKey;
  beforeAll(async () => {
    target = await newTarget();
    realmKey = await RealmKey.add(target.realm, await realmAdmin({ ...stack, ...target.realm }));
    await setFrontend(target.realm, "https://id.example.test/sso");
    services = await startBoth(target);
  }, STACK_TIMEOUT_MS);
  afterAll(() => services && stopBoth(services));

  test("is discovered", async () => {
    const { tokens } = await logInAtBoth(services);
    expect(decodeJwt(tokens.access_token).iss).toBe(`https://id.example.test/sso/realms/${target.realm.realm}`);
    await wholeJourney(services);
  });

  test("is where people are sent to do what is pending", async () => {
    const client = new AuthClient(services.gateway.url);
    const person = newPerson();
    const { userId } = (await client.register(person)).body as { userId: string };
    const admin = await realmAdmin({ ...stack, ...target.realm });
    const found = await admin.users.findOne({ id: userId });
    await admin.users.update({ id: userId }, { ...found, requiredActions: ["UPDATE_PASSWORD"] });
    const { status, body } = await client.login(person);
    expect({ status, body }).toMatchObject({
      status: 403,
      body: { actionUrl: `https://id.example.test/sso/realms/${target.realm.realm}/account` },
    });
  });

  test("that changes is taken up while they run", async () => {
    await logInAtBoth(services);
    await setFrontend(target.realm, "https://login.example.test");
    const after = await eventually(() => logInAtBoth(services), 10_000);
    expect(decodeJwt(after.tokens.access_token).iss).toBe(`https://login.example.test/realms/${target.realm.realm}`);
    await expectAccepted(services, after.tokens.access_token);
  });

  test("is what logout tokens must name", async () => {
    const { realm, clientId } = target.realm;
    const { user, tokens } = await logInAtBoth(services);
    const parts = { clientId, sub: user.id, sid: tokens.session_state };
    const send = async (issuer: string) => {
      const body = new URLSearchParams({ logout_token: await realmKey.sign(claimsOf({ ...parts, issuer })) });
      return (await fetch(`${services.gateway.url}/auth/backchannel-logout`, { method: "POST", body })).status;
    };
    expect(await send("https://login.example.test/realms/other")).toBe(400);
    expect(await send(`${stack.keycloakUrl}/realms/${realm}`)).toBe(400);
    expect(await send(`https://login.example.test/realms/${realm}`)).toBe(200);
  });
});

describe("Keycloak", () => {
  test("under a path: login, guard, doctor and realm apply", async () => {
    const proxy = PathProxy.to(stack.keycloakUrl, "/auth");
    const target = await newTarget(" at a path");
    for (const url of [proxy.url, `${proxy.url}/`]) {
      const services = await startBoth(target, url);
      await wholeJourney(services);
      await stopBoth(services);
    }
    const { username, password } = stack.keycloakAdmin;
    const admin = {
      KEYCLOAK_ADMIN_USERNAME: username,
      KEYCLOAK_ADMIN_PASSWORD: password,
      KEYCLOAK_SSL_REQUIRED: "none",
    };
    const dialled = { ...stack, ...target.realm, databaseUrl: target.databaseUrl, keycloakUrl: proxy.url };
    const apply = await authctl(dialled, ["realm", "apply", "--dry-run"], undefined, admin);
    expect(apply).toMatchObject({ code: 0, out: "nothing to change\n" });
    const doctor = await authctl(dialled, ["doctor"], undefined, { ...NOT_GIVEN, ...admin });
    expect(doctor).toMatchObject({ code: 0, out: expect.not.stringContaining("keycloak.") });
    await proxy.stop();
  });

  test("that is away at the start is asked when it is back", async () => {
    const target = await newTarget();
    await setFrontend(target.realm, "https://id.example.test");
    const { hostname, port } = new URL(stack.keycloakUrl);
    const proxy = await TcpProxy.to(hostname, Number(port));
    proxy.mode = "refuse";
    const services = await startBoth(target, `http://127.0.0.1:${proxy.port}`);
    const person = newPerson();
    expect((await new AuthClient(services.gateway.url).login(person)).status).toBe(503);
    proxy.mode = "pass";
    const loggedIn: LoggedIn = await eventually(() => logInAtBoth(services), 20_000);
    expect(decodeJwt(loggedIn.tokens.access_token).iss).toStartWith("https://id.example.test/");
    await stopBoth(services);
    await proxy.stop();
  });
});

test("the doctor has nothing against an issuer that is discovered, and names one that is given and differs", async () => {
  const target = await newTarget();
  await setFrontend(target.realm, "https://id.example.test");
  const dialled = { ...stack, ...target.realm, databaseUrl: target.databaseUrl };
  expect((await authctl(dialled, ["doctor"], undefined, NOT_GIVEN)).out).not.toContain("issuer");
  const given = { KEYCLOAK_ISSUER: `${stack.keycloakUrl}/realms/${target.realm.realm}` };
  expect((await authctl(dialled, ["doctor"], undefined, given)).out).toContain("keycloak.issuer_mismatch");
});
