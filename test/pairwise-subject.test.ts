// A client with pairwise subjects names people by ids that are no user's: nothing is ever stored under one of them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { decodeJwt } from "jose";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayClientEditor } from "./support/gateway-client-editor.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { keycloakUserOf, newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let client: AuthClient;
let edit: GatewayClientEditor;
beforeAll(async () => {
  gateway = await replicas.start("directly");
  client = new AuthClient(gateway.url);
  edit = new GatewayClientEditor(replicas.admin, replicas.stack.clientId);
  // Keycloak takes the host of a redirect URI for the sector.
  const { id } = await edit.read();
  const before = await replicas.admin.clients.findOne({ id });
  await replicas.admin.clients.update({ id }, { ...before, redirectUris: ["http://localhost:3000/*"] });
}, STACK_TIMEOUT_MS);
afterAll(stopGateways, 30_000);

const pairwise = () =>
  edit.addMapper({
    name: "pairwise",
    protocol: "openid-connect",
    protocolMapper: "oidc-sha256-pairwise-sub-mapper",
    config: { pairwiseSubAlgorithmSalt: "salt", sectorIdentifierUri: "" },
  });

const codeOf = ({ status, body }: { status: number; body: unknown }) => `${status} ${(body as ProblemBody).code}`;
/** Every user here, deleted ones too: by id. */
const usersHere = async () =>
  (await replicas.sql`SELECT id FROM users ORDER BY id`).map(({ id }: { id: string }) => id);
const sessionsInKeycloak = (id: string) => replicas.admin.users.listSessions({ id });

test("somebody who is known: 502, one row as before, no session left", async () => {
  const person = newPerson();
  const { body } = await client.register(person);
  const before = await usersHere();
  const back = await pairwise();
  try {
    expect(codeOf(await client.login(person))).toBe("502 keycloak.misconfigured");
  } finally {
    await back();
  }
  expect(gateway.output).toContain("pairwise subject mapper");
  await eventually(async () => expect(await sessionsInKeycloak(body.userId)).toEqual([]));
  expect(await usersHere()).toEqual(before);
  expect((await client.login(person)).body.user.id).toBe(body.userId);
});

test("somebody whom only Keycloak knows: 502 and no row; without the mapper provisioned as ever", async () => {
  const person = newPerson();
  const { id } = await replicas.admin.users.create({ ...keycloakUserOf(person), emailVerified: true });
  const before = await usersHere();
  // Before the feed has brought the user over, or after: neither writes another row.
  const back = await pairwise();
  try {
    expect(codeOf(await client.login(person))).toBe("502 keycloak.misconfigured");
  } finally {
    await back();
  }
  await eventually(async () => expect(await sessionsInKeycloak(id)).toEqual([]));
  expect((await usersHere()).filter((user: string) => ![...before, id].includes(user))).toEqual([]);
  expect((await client.login(person)).body.user.id).toBe(id);
});

test("a session of before: its refresh is 502, the session stays and goes on", async () => {
  const person = newPerson();
  const { body } = await client.register(person);
  const login = (await client.login(person)).body;
  const refresh = () => client.refresh({ sessionId: login.sessionId, refreshToken: login.tokens.refresh_token });
  const back = await pairwise();
  try {
    expect(codeOf(await refresh())).toBe("502 keycloak.misconfigured");
  } finally {
    await back();
  }
  expect(await sessionsInKeycloak(body.userId)).toHaveLength(1);
  const refreshed = await refresh();
  expect(refreshed.status).toBe(200);
  expect(decodeJwt(refreshed.body.tokens.access_token).sub).toBe(body.userId);
});
