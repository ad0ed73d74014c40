// Whatever fails after Keycloak has let somebody in: the session that it opened is ended, counted in Keycloak.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDatabase } from "@libs/database";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { isAuthError, KeycloakIntegrationService } from "@libs/keycloak-authV2";
import { Registry } from "@libs/observability";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { CountingProxy } from "./support/counting-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayClientEditor } from "./support/gateway-client-editor.ts";
import { GatewayProcess, gatewayEnv, stopGateways } from "./support/gateway-process.ts";
import { newPerson, type Person } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let client: AuthClient;
let edit: GatewayClientEditor;
let proxy: CountingProxy;
beforeAll(async () => {
  client = new AuthClient((await replicas.start("directly")).url);
  edit = new GatewayClientEditor(replicas.admin, replicas.stack.clientId);
  proxy = CountingProxy.to(replicas.stack.keycloakUrl);
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await stopGateways();
  await proxy?.stop();
}, 30_000);

async function somebody(): Promise<Person & { id: string }> {
  const person = newPerson();
  const { status, body, raw } = await client.register(person);
  if (status !== 201) throw new Error(raw);
  return { ...person, id: body.userId };
}

/** A gateway of its own; Keycloak's answers can be changed on the way. */
async function gatewayBehindProxy(overrides: Record<string, string> = {}): Promise<GatewayProcess> {
  return GatewayProcess.start(gatewayEnv({ ...replicas.stack, keycloakUrl: proxy.url }, overrides));
}

/** Nothing is left of a login: no session in Keycloak, no live row, no logout that waits. */
async function expectNothingLeft(userId: string): Promise<void> {
  await eventually(async () => {
    expect(await replicas.admin.users.listSessions({ id: userId })).toEqual([]);
    const rows = await replicas.sql`SELECT end_reason FROM sessions WHERE user_id = ${userId} AND ended_at IS NULL`;
    expect([...rows]).toEqual([]);
    expect([...(await replicas.sql`SELECT reason FROM keycloak_logouts`)]).toEqual([]);
  });
}

/** @returns status and code of the answer */
async function logInAt(url: string, person: Person): Promise<string> {
  const { status, body } = await new AuthClient(url).login<ProblemBody>(person);
  return `${status} ${body.code}`;
}

describe("the client is set in a way that makes its tokens useless", () => {
  const hardcoded = (claim: string, json: string) => ({
    name: claim,
    protocol: "openid-connect",
    protocolMapper: "oidc-hardcoded-claim-mapper",
    config: {
      "claim.name": claim,
      "claim.value": json,
      "jsonType.label": "JSON",
      "access.token.claim": "true",
      "id.token.claim": "false",
      "userinfo.token.claim": "false",
    },
  });
  const kinds: [string, (it: GatewayClientEditor) => Promise<() => Promise<unknown>>, string][] = [
    ["no refresh tokens", (it) => it.setAttributes({ "use.refresh.tokens": "false" }), "no refresh token"],
    [
      "tokens signed with a secret (HS256)",
      (it) => it.setAttributes({ "access.token.signed.response.alg": "HS256" }),
      "alg",
    ],
    [
      "lightweight tokens",
      (it) => it.setAttributes({ "client.use.lightweight.access.token.enabled": "true" }),
      "claims: ",
    ],
    ["no audience", (it) => it.removeMapper("oidc-audience-mapper"), "claims: "],
    ["no sub", (it) => it.removeDefaultScope("basic"), "claims: "],
    [
      "roles that are no list",
      (it) => it.addMapper(hardcoded("realm_access", '{"roles":"admin"}')),
      "claims: realm_access.roles",
    ],
  ];
  test.each(kinds)("%s: 502, and no session is left", async (_, plant, reason) => {
    const person = await somebody();
    const gateway = await replicas.start("directly");
    const mend = await plant(edit);
    try {
      for (let login = 0; login < 3; login++)
        expect(await logInAt(gateway.url, person)).toBe("502 keycloak.misconfigured");
      await expectNothingLeft(person.id);
      expect(gateway.output).toContain(reason);
      expect(gateway.output).not.toContain("realm.not_before_future");
    } finally {
      await mend();
    }
    expect((await new AuthClient(gateway.url).login(person)).status).toBe(200);
    await gateway.stop();
  });

  test("another issuer than expected", async () => {
    const person = await somebody();
    const gateway = await replicas.start("directly", { KEYCLOAK_ISSUER: "https://login.example.test/realms/app" });
    expect(await logInAt(gateway.url, person)).toBe("502 keycloak.misconfigured");
    await expectNothingLeft(person.id);
    await gateway.stop();
  });
});

describe("Keycloak's answer is of no use, or comes too late", () => {
  const isGrant = ({ form }: { form: URLSearchParams }) => form.get("grant_type") === "password";
  const changed = (change: (tokens: Record<string, unknown>) => object | string) => async (answer: Response) => {
    const tokens = (await answer.json()) as Record<string, unknown>;
    const next = change(tokens);
    return new Response(typeof next === "string" ? next : JSON.stringify(next), { status: 200 });
  };
  const kinds: [string, (answer: Response) => Promise<Response>, string][] = [
    ["without session_state", changed(({ session_state, ...rest }) => rest), "503 keycloak.unavailable"],
    ["tokens of an unknown form", changed((tokens) => ({ ...tokens, expires_in: "soon" })), "503 keycloak.unavailable"],
    ["no access token", changed(({ access_token, ...rest }) => rest), "503 keycloak.unavailable"],
    [
      "an access token that is none",
      changed((tokens) => ({ ...tokens, access_token: "opaque" })),
      "502 keycloak.misconfigured",
    ],
    [
      "after the time limit of a call",
      async (answer) => {
        await Bun.sleep(1_500);
        return answer;
      },
      "504 keycloak.timeout",
    ],
  ];
  test.each(kinds)("%s", async (_, change, expected) => {
    const person = await somebody();
    const gateway = await gatewayBehindProxy({ KEYCLOAK_TIMEOUT_MS: "1000" });
    proxy.change = (call, answer) => (isGrant(call) ? change(answer) : answer);
    try {
      expect(await logInAt(gateway.url, person)).toBe(expected);
      await expectNothingLeft(person.id);
    } finally {
      proxy.change = (_, answer) => answer;
    }
    await gateway.stop();
  });

  test("after the time limit of a call, while the process stops", async () => {
    const person = await somebody();
    const gateway = await gatewayBehindProxy({ KEYCLOAK_TIMEOUT_MS: "1000" });
    proxy.change = async (call, answer) => {
      if (isGrant(call)) await Bun.sleep(2_500);
      return answer;
    };
    try {
      expect(await logInAt(gateway.url, person)).toBe("504 keycloak.timeout");
      expect(await gateway.stop()).toBe(0);
      await expectNothingLeft(person.id);
    } finally {
      proxy.change = (_, answer) => answer;
    }
  });

  test("the keys to verify the token with can't be fetched", async () => {
    const person = await somebody();
    proxy.change = ({ path }, answer) => (path.endsWith("/certs") ? new Response("", { status: 500 }) : answer);
    try {
      const gateway = await gatewayBehindProxy();
      expect(await logInAt(gateway.url, person)).toBe("503 keycloak.unavailable");
      await expectNothingLeft(person.id);
      await gateway.stop();
    } finally {
      proxy.change = (_, answer) => answer;
    }
  });
});

describe("the row is not written, or its caller is gone", () => {
  const onInsert = (body: string) =>
    replicas.sql.unsafe(`
      CREATE OR REPLACE FUNCTION hinder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NEW; END $$;
      CREATE TRIGGER hinder BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION hinder();`);
  const letGo = () => replicas.sql.unsafe("DROP TRIGGER hinder ON sessions");

  test("the database refuses it", async () => {
    const person = await somebody();
    await onInsert("RAISE EXCEPTION 'refused by the test';");
    const answer = await logInAt(client.url, person).finally(letGo);
    expect(answer).toBe("503 database.unavailable");
    await expectNothingLeft(person.id);
  });

  test("the request's time is over before it is written: the login is taken back", async () => {
    const person = await somebody();
    const gateway = await replicas.start("directly", { REQUEST_TIMEOUT_MS: "1000" });
    await onInsert("PERFORM pg_sleep(1.5);");
    const answer = await logInAt(gateway.url, person).finally(letGo);
    expect(answer).toBe("504 request.timeout");
    await expectNothingLeft(person.id);
    await gateway.stop();
  });

  test("the process is stopped meanwhile", async () => {
    const person = await somebody();
    const gateway = await replicas.start("directly");
    await onInsert("PERFORM pg_sleep(1); RAISE EXCEPTION 'refused by the test';");
    const login = logInAt(gateway.url, person);
    await eventually(async () => expect(await replicas.admin.users.listSessions({ id: person.id })).toHaveLength(1));
    const [answer, exitCode] = await Promise.all([login, gateway.stop()]).finally(letGo);
    expect(answer).toBe("503 database.unavailable");
    expect(exitCode).toBe(0);
    expect(await replicas.admin.users.listSessions({ id: person.id })).toEqual([]);
    await expectNothingLeft(person.id);
  });
});

test("the library's facade alone ends what it can't use", async () => {
  const person = await somebody();
  const { keycloakUrl: url, realm, clientId, clientSecret, databaseUrl } = replicas.stack;
  const database = createDatabase(databaseUrl, { poolSize: 1 });
  const integration = KeycloakIntegrationService.create(
    { url, realm, clientId, clientSecret },
    database,
    new Registry(),
  );
  const mend = await edit.setAttributes({ "use.refresh.tokens": "false" });
  try {
    const login = integration.authenticateWithPassword(person.username, person.password);
    const error = await login.catch((reason: unknown) => reason);
    expect(isAuthError(error, "keycloak.misconfigured")).toBe(true);
  } finally {
    await mend();
  }
  await integration.drain();
  expect(await replicas.admin.users.listSessions({ id: person.id })).toEqual([]);
  await expectNothingLeft(person.id);
  await database.$disconnect();
});

test("a refresh whose token every guard would refuse is 502, and the session stays", async () => {
  const person = await somebody();
  const { body } = await client.login(person);
  const refresh = () => client.refresh({ sessionId: body.sessionId, refreshToken: body.tokens.refresh_token });
  const mend = await edit.setAttributes({ "access.token.signed.response.alg": "HS256" });
  try {
    const refused = await refresh();
    expect([refused.status, (refused.body as unknown as ProblemBody).code]).toEqual([502, "keycloak.misconfigured"]);
  } finally {
    await mend();
  }
  expect(await replicas.admin.users.listSessions({ id: person.id })).toHaveLength(1);
  expect((await refresh()).status).toBe(200);
});
