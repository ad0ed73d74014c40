import { syncOnAuthentication } from "../services/sessions/sync-on-authentication.ts";
import { plainTokens } from "../services/shared/seal-tokens.ts";
import type { FeedFixture } from "./feed-fixture.ts";
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

/** Somebody with a session, for whom no notice is left. */
export async function logInSettled(feed: FeedFixture, sessionId = "one") {
  const somebody = await logIn(feed, sessionId);
  await feed.handle();
  return somebody;
}

/** The user as the in-memory Keycloak has them: changed there, Keycloak has another user. */
export function keycloakUser({ keycloak }: SyncFixture, id: string) {
  const user = keycloak.users.get(id);
  if (!user) throw new Error("no such user");
  return user;
}
