import {
  emailAsUsernameContract,
  InMemoryKeycloak,
  keycloakEventSourceContract,
  keycloakUserRepositoryContract,
  logoutTokenVerifierContract,
  tokenClientContract,
} from "./index.ts";

const keycloak = new InMemoryKeycloak();
const { userRepository: users, tokenClient: tokens, eventSource: events, logoutTokenVerifier: logoutTokens } = keycloak;
const realm = async () => ({ users, tokens });

keycloakUserRepositoryContract("in-memory Keycloak", realm);
const byEmail = new InMemoryKeycloak({ emailAsUsername: true });
emailAsUsernameContract("in-memory Keycloak", async () => ({
  users: byEmail.userRepository,
  tokens: byEmail.tokenClient,
}));
tokenClientContract("in-memory Keycloak", realm);
keycloakEventSourceContract("in-memory Keycloak", async () => ({ users, tokens, events }));
logoutTokenVerifierContract("in-memory Keycloak", async () => ({
  users,
  tokens,
  logoutTokens,
  endSession: async (sessionId, userId) => {
    await users.deleteSession(sessionId);
    return keycloak.mint.logoutToken(userId, sessionId);
  },
}));
