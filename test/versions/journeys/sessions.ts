// Sessions over two replicas: races of refreshes, a stolen token, and ends that Keycloak announces by logout tokens.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient, type LoggedIn, type ProblemBody } from "../../support/auth-client.ts";
import { eventually } from "../../support/eventually.ts";
import { GatewayClientEditor } from "../../support/gateway-client-editor.ts";
import { type GatewayProcess, stopGateways } from "../../support/gateway-process.ts";
import { OtherClient } from "../../support/other-client.ts";
import { newPerson, type Person } from "../../support/person.ts";
import { useReplicas } from "../../support/replicas.ts";

/** Nothing arrives here but what Keycloak announces. */
const BACK_CHANNEL_ALONE = { FEED_ENABLED: "false", RECONCILE_ENABLED: "false" };
const CALLERS = 20;

const replicas = useReplicas();
let gateways: GatewayProcess[];
let clients: [AuthClient, AuthClient];
let other: OtherClient;

beforeAll(async () => {
  const { admin, stack, start } = replicas;
  gateways = await Promise.all([start("directly", BACK_CHANNEL_ALONE), start("directly", BACK_CHANNEL_ALONE)]);
  clients = gateways.map(({ url }) => new AuthClient(url)) as [AuthClient, AuthClient];
  const url = `${gateways[0]?.url}/auth/backchannel-logout`;
  other = await OtherClient.create(stack, admin);
  await new GatewayClientEditor(admin, stack.clientId).setAttributes({ "backchannel.logout.url": url });
}, STACK_TIMEOUT_MS);
afterAll(stopGateways);

async function loggedIn(): Promise<LoggedIn & { person: Person }> {
  const person = newPerson();
  expect((await clients[0].register(person)).status).toBe(201);
  const { status, body } = await clients[0].login(person);
  expect(status).toBe(200);
  return { ...body, person };
}

const holdsOf = ({ sessionId, tokens }: LoggedIn) => ({ sessionId, refreshToken: tokens.refresh_token });

async function endReason({ sessionId }: LoggedIn): Promise<string | null> {
  const [row] = await replicas.sql`SELECT end_reason FROM sessions WHERE session_id = ${sessionId}`;
  return row.end_reason;
}

describe.each([
  ["off", false],
  ["on", true],
] as const)("realm rotation %s", (_, revokeRefreshToken) => {
  test(`${CALLERS} refreshes of one token at once all get one working successor`, async () => {
    await replicas.admin.realms.update(
      { realm: replicas.stack.realm },
      { revokeRefreshToken, refreshTokenMaxReuse: 0 },
    );
    const session = await loggedIn();
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) => (clients[caller % 2] as AuthClient).refresh(holdsOf(session))),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const successors = new Set(answers.map(({ body }) => body.tokens.refresh_token));
    expect(successors.size).toBe(1);
    const [refreshToken = ""] = successors;
    expect((await clients[1].refresh({ sessionId: session.sessionId, refreshToken })).status).toBe(200);
    expect(await replicas.admin.users.listSessions({ id: session.user.id })).toHaveLength(1);
  });
});

test("an old token after its grace is theft: the session ends on both sides", async () => {
  const session = await loggedIn();
  expect((await clients[0].refresh(holdsOf(session))).status).toBe(200);
  await replicas.sql`
    UPDATE spent_refresh_tokens SET spent_at = spent_at - interval '61 seconds' WHERE session_id = ${session.sessionId}`;
  const stolen = await clients[1].refresh<ProblemBody>(holdsOf(session));
  expect(`${stolen.status} ${stolen.body.code}`).toBe("401 session.reuse_detected");
  expect(await endReason(session)).toBe("refresh_token_reuse");
  const { id } = session.user;
  await eventually(async () => expect(await replicas.admin.users.listSessions({ id })).toEqual([]));
});

const ends: Record<string, (session: LoggedIn & { person: Person }) => Promise<unknown>> = {
  "an administrator ends it": ({ tokens }) => {
    const { realm } = replicas.stack;
    return replicas.admin.realms.deleteSession({ realm, session: tokens.session_state, isOffline: false });
  },
  "an administrator signs the user out": ({ user }) => replicas.admin.users.logout({ id: user.id }),
  // Keycloak stores an event of it since 26.5.
  "the person ends it from another application": async ({ person, tokens }) =>
    other.endSession(await other.logIn(person), tokens.session_state),
};

test.each(Object.entries(ends))("a session ends here when %s", async (_, end) => {
  const [session, other] = [await loggedIn(), await loggedIn()];
  await end(session);
  await eventually(async () => expect(await endReason(session)).toBe("ended_in_keycloak"));
  const answer = await fetch(`${gateways[1]?.url}/auth/me`, {
    headers: { authorization: `Bearer ${session.tokens.access_token}` },
  });
  expect(answer.status).toBe(401);
  expect(await endReason(other)).toBeNull();
});
