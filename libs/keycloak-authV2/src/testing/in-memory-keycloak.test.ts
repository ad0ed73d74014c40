import { InMemoryKeycloak, keycloakUserRepositoryContract, tokenClientContract } from "./index.ts";

const keycloak = new InMemoryKeycloak();
const realm = async () => ({ users: keycloak.userRepository, tokens: keycloak.tokenClient });

keycloakUserRepositoryContract("in-memory Keycloak", realm);
tokenClientContract("in-memory Keycloak", realm);
