// The client signs in one algorithm after the other, as an administrator may set it: login, guards of two services, refresh
// and back-channel logout go on, with tokens of before and after side by side.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { decodeProtectedHeader } from "jose";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { statusFor } from "./support/fleet.ts";
import { GatewayClientEditor } from "./support/gateway-client-editor.ts";
import { GatewayProcess, gatewayEnv, ordersEnv, stopGateways } from "./support/gateway-process.ts";
import { logInNewPerson } from "./support/log-in-new-person.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let orders: GatewayProcess;
let client: AuthClient;
let edit: GatewayClientEditor;
beforeAll(async () => {
  // Nothing is learnt but by the back channel.
  const env = gatewayEnv(replicas.stack, { FEED_ENABLED: "false" });
  [gateway, orders] = await Promise.all([
    GatewayProcess.start(env),
    GatewayProcess.start(ordersEnv(replicas.stack), "orders"),
  ]);
  client = new AuthClient(gateway.url);
  edit = new GatewayClientEditor(replicas.admin, replicas.stack.clientId);
  await edit.setAttributes({
    "backchannel.logout.url": `${gateway.url}/auth/backchannel-logout`,
    "backchannel.logout.session.required": "true",
  });
}, STACK_TIMEOUT_MS);
afterAll(stopGateways, 30_000);

/** Of the client's access tokens, and of its ID and logout tokens. */
async function sign(alg: string): Promise<() => Promise<void>> {
  const attributes = { "access.token.signed.response.alg": alg, "id.token.signed.response.alg": alg };
  const back = await edit.setAttributes(attributes);
  // Keycloak makes the key with its first token, which for RSA may take longer than a login's time.
  const { issuer, clientId: client_id, clientSecret: client_secret } = replicas.stack;
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
  await fetch(`${issuer}/protocol/openid-connect/token`, { method: "POST", body });
  return back;
}

const algorithmOf = (token: string) => decodeProtectedHeader(token).alg;
const guarded = (token: string) =>
  Promise.all([statusFor(token, `${gateway.url}/auth/me`), statusFor(token, `${orders.url}/orders`)]);

const logIn = () => logInNewPerson(client, client);

describe.each(["PS256", "ES256", "ES512", "EdDSA", "RS512", "PS512", "ES384"])("%s", (alg) => {
  test("login, guards, refresh, back-channel logout; tokens of before go on being good", async () => {
    const before = await logIn();
    const back = await sign(alg);
    try {
      const login = await logIn();
      expect(algorithmOf(login.tokens.access_token)).toBe(alg);
      expect(await guarded(login.tokens.access_token)).toEqual([200, 200]);
      expect(await guarded(before.tokens.access_token)).toEqual([200, 200]);
      const { sessionId, tokens } = login;
      const refreshed = await client.refresh({ sessionId, refreshToken: tokens.refresh_token });
      expect([refreshed.status, algorithmOf(refreshed.body.tokens.access_token)]).toEqual([200, alg]);
      expect(await guarded(refreshed.body.tokens.access_token)).toEqual([200, 200]);
      // A session of before moves over with its next refresh.
      const moved = await client.refresh({ sessionId: before.sessionId, refreshToken: before.tokens.refresh_token });
      expect([moved.status, algorithmOf(moved.body.tokens.access_token)]).toEqual([200, alg]);

      await replicas.admin.realms.deleteSession({
        realm: replicas.stack.realm,
        session: tokens.session_state,
      } as never);
      await eventually(async () => {
        const [row] = await replicas.sql`SELECT ended_at FROM sessions WHERE session_id = ${sessionId}`;
        expect(row.ended_at).not.toBeNull();
        expect(await guarded(refreshed.body.tokens.access_token)).toEqual([401, 401]);
      });
    } finally {
      await back();
    }
  });
});

test("algorithms that are set are the only ones: a login in another is 502, and no session is left", async () => {
  const only = { KEYCLOAK_SIGNING_ALGORITHMS: "ES256, EdDSA" };
  const strict = await GatewayProcess.start(gatewayEnv(replicas.stack, only));
  const strictOrders = await GatewayProcess.start(ordersEnv(replicas.stack, only), "orders");
  const person = newPerson();
  const { body } = await client.register(person);
  const login = () => new AuthClient(strict.url).login(person);
  const refused = await login();
  expect([refused.status, (refused.body as unknown as ProblemBody).code]).toEqual([502, "keycloak.misconfigured"]);
  await eventually(async () => expect(await replicas.admin.users.listSessions({ id: body.userId })).toEqual([]));
  expect(await statusFor((await logIn()).tokens.access_token, `${strictOrders.url}/orders`)).toBe(401);
  const back = await sign("ES256");
  try {
    const taken = await login();
    expect(taken.status).toBe(200);
    expect(await statusFor(taken.body.tokens.access_token, `${strictOrders.url}/orders`)).toBe(200);
  } finally {
    await back();
  }
  await Promise.all([strict.stop(), strictOrders.stop()]);
});

test("tokens of another client are taken where it is named", async () => {
  const { admin, stack } = replicas;
  const audience = {
    name: "gw",
    protocol: "openid-connect",
    protocolMapper: "oidc-audience-mapper",
    config: { "included.client.audience": stack.clientId, "access.token.claim": "true" },
  };
  await admin.clients.create({
    clientId: "till",
    publicClient: true,
    directAccessGrantsEnabled: true,
    protocolMappers: [audience],
  });
  const person = newPerson();
  await client.register(person);
  // The session of a client that is not ours has no row: the guard knows it once there is one.
  const { body } = await client.login(person);
  const answer = await fetch(`${stack.issuer}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "till", scope: "openid", ...credentials(person) }),
  });
  const { access_token: token, session_state: sid } = (await answer.json()) as Record<string, string>;
  await replicas.sql`UPDATE sessions SET keycloak_session_id = ${sid} WHERE session_id = ${body.sessionId}`;
  const named = await GatewayProcess.start(ordersEnv(stack, { KEYCLOAK_AUTHORIZED_PARTIES: "other, till" }), "orders");
  expect(await statusFor(token ?? "", `${named.url}/orders`)).toBe(200);
  expect(await statusFor(token ?? "", `${orders.url}/orders`)).toBe(401);
  await named.stop();
});

const credentials = ({ username, password }: { username: string; password: string }) => ({ username, password });
