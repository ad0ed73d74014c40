import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestRealm, useStack } from "@libs/dev-stack";
import { createKeycloakAdapters } from "@libs/keycloak-authV2/keycloak";
import {
  emailAsUsernameContract,
  failure,
  keycloakEventSourceContract,
  keycloakUserRepositoryContract,
  logoutTokenVerifierContract,
  newUser,
  tokenClientContract,
} from "@libs/keycloak-authV2/testing";
import { BackChannel } from "../support/back-channel.ts";
import { realmAdmin } from "../support/realm-admin.ts";

let backChannel: BackChannel;
/** Of a realm that announces sessions that ended to this test. */
let withBackChannel: ReturnType<typeof createKeycloakAdapters>;
let stopKeys = () => {};
/** Its service account loses a right. */
let withoutEvents: TestRealm;
let byEmail: TestRealm;
beforeAll(async () => {
  const { keycloakUrl: url, createRealm } = await useStack();
  backChannel = await BackChannel.open();
  withBackChannel = createKeycloakAdapters({
    url,
    ...(await createRealm({ backchannelLogoutUrl: backChannel.url })),
  });
  stopKeys = withBackChannel.keepKeys();
  withoutEvents = await createRealm();
  byEmail = await createRealm();
  const admin = await realmAdmin({ ...(await useStack()), ...byEmail });
  await admin.realms.update({ realm: byEmail.realm }, { registrationEmailAsUsername: true });
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  stopKeys();
  await backChannel?.stop();
});

async function adapters() {
  const { keycloakUrl: url, realm, clientId, clientSecret } = await useStack();
  return createKeycloakAdapters({ url, realm, clientId, clientSecret });
}
async function realm() {
  const { userRepository, tokenClient } = await adapters();
  return { users: userRepository, tokens: tokenClient };
}

keycloakUserRepositoryContract("Keycloak", realm);
emailAsUsernameContract("Keycloak", async () => {
  const { keycloakUrl: url } = await useStack();
  const { userRepository: users, tokenClient: tokens } = createKeycloakAdapters({ url, ...byEmail });
  return { users, tokens };
});
tokenClientContract("Keycloak", realm);
keycloakEventSourceContract("Keycloak", async () => {
  const { userRepository, tokenClient, eventSource } = await adapters();
  return { users: userRepository, tokens: tokenClient, events: eventSource };
});
logoutTokenVerifierContract("Keycloak", async () => {
  const { userRepository: users, tokenClient: tokens, logoutTokenVerifier: logoutTokens } = withBackChannel;
  const endSession = async (sessionId: string) => {
    const sent = backChannel.next();
    await users.deleteSession(sessionId);
    return sent;
  };
  return { users, tokens, logoutTokens, endSession };
});

describe("Keycloak: verification and readiness", () => {
  test("its access token verifies and says who it is; its other tokens do not", async () => {
    const { userRepository, tokenClient, tokenVerifier } = await adapters();
    const user = newUser({ emailVerified: true });
    const id = await userRepository.createUser(user);
    const tokens = await tokenClient.passwordGrant(user);
    const claims = await tokenVerifier.verifyAccessToken(tokens.access_token);
    expect(claims).toMatchObject({
      sub: id,
      sid: tokens.session_state,
      username: user.username,
      email: user.email,
      firstName: user.firstName,
      lastName: user.lastName,
      emailVerified: true,
    });
    // Keycloak counts what is left when it answers: a second less than the token's own, where the clock has moved on.
    const livesS = (claims.expiresAt.getTime() - claims.issuedAt.getTime()) / 1000;
    expect([livesS, livesS - 1]).toContain(tokens.expires_in);
    await failure(tokenVerifier.verifyAccessToken(tokens.refresh_token), "token.invalid");
    await failure(tokenVerifier.verifyAccessToken(tokens.id_token ?? ""), "token.invalid");
  });

  test("it is ready; a realm that is not there is not", async () => {
    await (await adapters()).checkReady();
    const { keycloakUrl: url, clientId, clientSecret } = await useStack();
    const missing = createKeycloakAdapters({ url, realm: "not-there", clientId, clientSecret });
    await failure(missing.checkReady(), "keycloak.misconfigured");
    await failure(missing.userRepository.getUser("u1"), "keycloak.misconfigured");
  });

  test("no logout token is verified before keys are known, and none costs a call", async () => {
    const { logoutTokenVerifier } = await adapters();
    await failure(logoutTokenVerifier.verifyLogoutToken("a.b.c"), "keycloak.unavailable");
  });

  test("events need a right of their own, whose lack is distinguished from other faults", async () => {
    const stack = await useStack();
    const { eventSource, userRepository } = createKeycloakAdapters({ url: stack.keycloakUrl, ...withoutEvents });
    const admin = await realmAdmin({ ...stack, ...withoutEvents });
    const id = await eventSource.serviceAccountId();
    const [management] = await admin.clients.find({ clientId: "realm-management" });
    const clientUniqueId = management?.id ?? "";
    const held = await admin.users.listClientRoleMappings({ id, clientUniqueId });
    const roles = held.flatMap((role) => (role.name === "view-events" ? { id: role.id ?? "", name: role.name } : []));
    expect(roles).toHaveLength(1);
    await admin.users.delClientRoleMappings({ id, clientUniqueId, roles });
    // Roles are read anew for every call, but those of a token count too: a new one is fetched.
    await eventSource.clockSkew();
    const page = { from: new Date(0), to: new Date(), first: 0, max: 1 };
    await failure(eventSource.listUserEvents(page), "keycloak.forbidden");
    await failure(eventSource.listAdminEvents(page), "keycloak.forbidden");
    await failure(eventSource.readEventsConfig(), "keycloak.forbidden");
    expect(await userRepository.getUser(id)).not.toBeNull();
  });

  test("a wrong client secret is our misconfiguration, not the person's", async () => {
    const { keycloakUrl: url, realm, clientId } = await useStack();
    const wrong = createKeycloakAdapters({ url, realm, clientId, clientSecret: "wrong-client-secret" });
    await failure(wrong.tokenClient.passwordGrant(newUser()), "keycloak.misconfigured");
    await failure(wrong.tokenClient.refresh("garbage"), "keycloak.misconfigured");
    const error = await failure(wrong.userRepository.getUser("u1"), "keycloak.misconfigured");
    expect(JSON.stringify([error, error.internal])).not.toContain("wrong-client-secret");
  });
});
