import { beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { createKeycloakAdapters } from "@libs/keycloak-authV2/keycloak";
import { failure, keycloakUserRepositoryContract, newUser, tokenClientContract } from "@libs/keycloak-authV2/testing";

beforeAll(async () => void (await useStack()), STACK_TIMEOUT_MS);

async function adapters() {
  const { keycloakUrl: url, realm, clientId, clientSecret } = await useStack();
  return createKeycloakAdapters({ url, realm, clientId, clientSecret });
}
async function realm() {
  const { userRepository, tokenClient } = await adapters();
  return { users: userRepository, tokens: tokenClient };
}

keycloakUserRepositoryContract("Keycloak", realm);
tokenClientContract("Keycloak", realm);

describe("Keycloak: verification and readiness", () => {
  test("its access token verifies and says who it is; its other tokens do not", async () => {
    const { userRepository, tokenClient, tokenVerifier } = await adapters();
    const user = newUser({ emailVerified: true });
    const id = await userRepository.createUser(user);
    const tokens = await tokenClient.passwordGrant(user);
    const claims = await tokenVerifier.verifyAccessToken(tokens.access_token);
    expect(claims).toMatchObject({
      ...{ sub: id, sid: tokens.session_state, username: user.username, email: user.email },
      ...{ firstName: user.firstName, lastName: user.lastName, emailVerified: true },
    });
    expect(claims.expiresAt.getTime() - claims.issuedAt.getTime()).toBe(tokens.expires_in * 1000);
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

  test("a wrong client secret is our misconfiguration, not the person's", async () => {
    const { keycloakUrl: url, realm, clientId } = await useStack();
    const wrong = createKeycloakAdapters({ url, realm, clientId, clientSecret: "wrong-client-secret" });
    await failure(wrong.tokenClient.passwordGrant(newUser()), "keycloak.misconfigured");
    await failure(wrong.tokenClient.refresh("garbage"), "keycloak.misconfigured");
    const error = await failure(wrong.userRepository.getUser("u1"), "keycloak.misconfigured");
    expect(JSON.stringify([error, error.internal])).not.toContain("wrong-client-secret");
  });
});
