import { afterEach, describe, expect, test } from "bun:test";
import { createDatabase } from "@libs/database";
import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
import { UserSyncService } from "@libs/keycloak-authV2/services/sync";
import { Registry } from "@libs/observability";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { newPerson, type Person } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { recordSecret } from "./support/secrets-seen.ts";

const replicas = useReplicas();

afterEach(async () => {
  replicas.keycloak.mode = "pass";
  await stopGateways();
});

async function loggedIn(gateway: GatewayProcess): Promise<LoggedIn & { person: Person }> {
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  expect((await client.register(person)).status).toBe(201);
  const { status, body } = await client.login(person);
  expect(status).toBe(200);
  return { ...body, person };
}

const holdsOf = ({ sessionId, tokens }: LoggedIn) => ({ sessionId, refreshToken: tokens.refresh_token });
const keycloakSessions = (id: string) => replicas.admin.users.listSessions({ id });
const waiting = async () => (await replicas.sql`SELECT keycloak_session_id FROM keycloak_logouts`).length;

describe("a logout while Keycloak is away", () => {
  test.each(["refuse", "black-hole"] as const)(
    "(%s) is 200, and comes true there although the gateway is killed",
    async (mode) => {
      const { keycloak, sql } = replicas;
      const first = await replicas.start("proxies");
      const session = await loggedIn(first);
      keycloak.mode = mode;
      const answer = await new AuthClient(first.url).logout(holdsOf(session));
      expect(answer.status).toBe(200);
      const [row] = await sql`SELECT end_reason, refresh_token FROM sessions WHERE session_id = ${session.sessionId}`;
      expect(row).toEqual({ end_reason: "logout", refresh_token: null });
      expect(await waiting()).toBe(1);
      first.signal("SIGKILL");
      await first.exited;
      const second = await replicas.start("proxies");
      await eventually(async () => expect(await second.metrics()).toMatch(/^keycloak_logouts_waiting 1$/m));
      expect(await keycloakSessions(session.user.id)).toHaveLength(1);
      keycloak.mode = "pass";
      const back = performance.now();
      await eventually(async () => expect(await keycloakSessions(session.user.id)).toEqual([]), 30_000);
      expect(performance.now() - back).toBeLessThan(30_000);
      await eventually(async () => expect(await waiting()).toBe(0));
    },
    90_000,
  );
});

test("a login whose row can't be written leaves no session in Keycloak", async () => {
  const { postgres, sql } = replicas;
  const gateway = await replicas.start("proxies");
  const { person, user } = await loggedIn(gateway);
  // Only the write of the session carries it.
  const userAgent = "the-login-that-is-held";
  const held = postgres.holdAt({ sent: userAgent, hold: "request" });
  const login = new AuthClient(gateway.url, { "user-agent": userAgent }).login(person);
  await held;
  expect(await keycloakSessions(user.id)).toHaveLength(2);
  postgres.mode = "refuse";
  expect([503, 504]).toContain((await login).status);
  postgres.mode = "pass";
  await eventually(async () => expect(await keycloakSessions(user.id)).toHaveLength(1), 15_000);
  await eventually(async () => expect(await waiting()).toBe(0), 15_000);
  expect(await sql`SELECT 1 FROM sessions WHERE user_id = ${user.id} AND ended_at IS NULL`).toHaveLength(1);
});

test("one replica with one connection: Keycloak's back-channel call during a logout finds the gateway working", async () => {
  const { admin, stack } = replicas;
  const gateway = await replicas.start("directly", { DATABASE_POOL_SIZE: "1" });
  const client = new AuthClient(gateway.url);
  const [leaving, staying] = [await loggedIn(gateway), await loggedIn(gateway)];
  const during: number[] = [];
  // What a receiver has to do before it answers, done with the gateway's only connection.
  const receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async () => {
      during.push((await client.refresh(holdsOf(staying))).status);
      return new Response();
    },
  });
  const [own] = await admin.clients.find({ clientId: stack.clientId });
  const id = own?.id ?? "";
  const setReceiver = (url: string) =>
    admin.clients.update(
      { id },
      {
        ...own,
        attributes: {
          ...own?.attributes,
          "backchannel.logout.url": url,
          "backchannel.logout.session.required": "true",
        },
      },
    );
  try {
    await setReceiver(`http://127.0.0.1:${receiver.port}`);
    const started = performance.now();
    expect((await client.logout(holdsOf(leaving))).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(during).toEqual([200]);
    expect(await keycloakSessions(leaving.user.id)).toEqual([]);
    const load = Array.from({ length: 20 }, () => client.refresh(holdsOf(staying)));
    expect((await Promise.all(load)).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  } finally {
    await setReceiver("");
    await receiver.stop(true);
  }
});

test("logging a user out everywhere ends sessions that were opened elsewhere, offline ones too", async () => {
  const { stack, admin, sql } = replicas;
  const gateway = await replicas.start("directly");
  const mine = await loggedIn(gateway);
  const other = await loggedIn(gateway);
  const { person } = mine;
  const elsewhere = async (scope: string) => {
    const form = { grant_type: "password", scope, username: person.username, password: person.password };
    const credentials = { client_id: stack.clientId, client_secret: stack.clientSecret };
    const response = await fetch(`${stack.issuer}/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams({ ...form, ...credentials }),
    });
    const tokens = (await response.json()) as { access_token: string; refresh_token: string };
    recordSecret(tokens.access_token, tokens.refresh_token);
    return tokens.refresh_token;
  };
  await elsewhere("openid");
  const offline = await elsewhere("openid offline_access");
  const database = createDatabase(stack.databaseUrl);
  try {
    const { keycloakUrl: url, realm, clientId, clientSecret } = stack;
    const registry = new Registry();
    const { userRepository } = KeycloakIntegrationService.create(
      { url, realm, clientId, clientSecret },
      database,
      registry,
    );
    const { tokenEncryptionKeys } = stack;
    const sync = new UserSyncService(userRepository, database, registry, { tokenEncryptionKeys });
    expect(await userRepository.listOfflineSessions(mine.user.id)).toHaveLength(1);
    expect(await sync.logoutEverywhere(mine.user.id)).toEqual({ ended: 1 });
    expect(await userRepository.listOfflineSessions(mine.user.id)).toEqual([]);
  } finally {
    await database.$disconnect();
  }
  expect(await keycloakSessions(mine.user.id)).toEqual([]);
  const refreshed = await fetch(`${stack.issuer}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: offline,
      client_id: stack.clientId,
      client_secret: stack.clientSecret,
    }),
  });
  expect(refreshed.status).toBe(400);
  expect(await waiting()).toBe(0);
  const [row] = await sql`SELECT end_reason FROM sessions WHERE session_id = ${mine.sessionId}`;
  expect(row.end_reason).toBe("logout_everywhere");
  expect(await admin.users.listSessions({ id: other.user.id })).toHaveLength(1);
});
