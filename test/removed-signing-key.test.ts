// A signing key that is removed or disabled in Keycloak, because somebody may have it, is good for 60 s at most: in the
// gateway and in a guarded service, also for tokens that were verified before.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { decodeProtectedHeader } from "jose";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { statusFor } from "./support/fleet.ts";
import { GatewayProcess, ordersEnv, stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let orders: GatewayProcess;
beforeAll(async () => {
  gateway = await replicas.start("directly");
  orders = await GatewayProcess.start(ordersEnv(replicas.stack), "orders");
}, STACK_TIMEOUT_MS);
afterAll(stopGateways, 30_000);

const boundMs = 60_000;
const guarded = (token: string) =>
  Promise.all([statusFor(token, `${gateway.url}/auth/me`), statusFor(token, `${orders.url}/orders`)]);

/** Keycloak signs with the key of the highest priority. @returns the id of its provider */
async function addKey(priority: number): Promise<string> {
  const realm = await replicas.admin.realms.findOne({ realm: replicas.stack.realm });
  const { id } = await replicas.admin.components.create({
    name: `key-${priority}`,
    providerId: "rsa-generated",
    providerType: "org.keycloak.keys.KeyProvider",
    parentId: realm?.id ?? "",
    config: { priority: [String(priority)], algorithm: ["RS256"] },
  });
  return id;
}

async function logIn(): Promise<LoggedIn> {
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  await client.register(person);
  const { status, body, raw } = await client.login(person);
  if (status !== 200) throw new Error(raw);
  return body;
}

test("a removed key and a disabled one are refused, the others are good", async () => {
  const { admin } = replicas;
  const removed = await addKey(1001);
  const ofRemoved = await logIn();
  const disabled = await addKey(1002);
  const ofDisabled = await logIn();
  await addKey(1003);
  const ofCurrent = await logIn();
  const logins = [ofRemoved, ofDisabled, ofCurrent];
  expect(new Set(logins.map(({ tokens }) => decodeProtectedHeader(tokens.access_token).kid)).size).toBe(3);
  for (const { tokens } of logins) expect(await guarded(tokens.access_token)).toEqual([200, 200]);

  const startedAt = performance.now();
  await admin.components.del({ id: removed });
  const provider = await admin.components.findOne({ id: disabled });
  const config = { ...provider?.config, enabled: ["false"], active: ["false"] };
  await admin.components.update({ id: disabled }, { ...provider, config });
  for (const { tokens } of [ofRemoved, ofDisabled])
    await eventually(async () => expect(await guarded(tokens.access_token)).toEqual([401, 401]), boundMs);
  console.log(`refused after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  expect(await guarded(ofCurrent.tokens.access_token)).toEqual([200, 200]);

  // The sessions themselves are not touched: their next token has a key that is good.
  const client = new AuthClient(gateway.url);
  const { sessionId, tokens } = ofRemoved;
  const refreshed = await client.refresh({ sessionId, refreshToken: tokens.refresh_token });
  expect(refreshed.status).toBe(200);
  expect(await guarded(refreshed.body.tokens.access_token)).toEqual([200, 200]);
}, 240_000);
