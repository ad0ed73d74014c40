import { syncOnAuthentication } from "../services/sessions/sync-on-authentication.ts";
import { plainTokens } from "../services/shared/seal-tokens.ts";
import type { SyncFixture } from "./sync-fixture.ts";

let people = 0;

/** Somebody with a session of their own, on fakes. */
export async function logIn({ keycloak, deps }: SyncFixture, sessionId: string) {
  const username = `user-${people++}`;
  const password = "correct horse battery";
  const email = `${username}@example.com`;
  const person = { username, email, firstName: "Ada", lastName: "Lovelace", emailVerified: false };
  const keycloakUserId = await keycloak.userRepository.createUser({ ...person, password, enabled: true });
  const tokens = await keycloak.tokenClient.passwordGrant({ username, password });
  const keycloakSessionId = tokens.session_state;
  const sessionData = { ...plainTokens(tokens, deps.now()), sessionId, keycloakSessionId };
  await syncOnAuthentication(deps, { keycloakUserId, ...person, sessionData });
  return {
    sessionId,
    refreshToken: tokens.refresh_token,
    tokens,
    keycloakUserId,
    keycloakSessionId,
    username,
    password,
  };
}
