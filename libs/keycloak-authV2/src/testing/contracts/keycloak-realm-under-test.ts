import { randomUUID } from "node:crypto";
import type { KeycloakUserRepository, NewKeycloakUser, TokenClient } from "../../ports/ports.ts";

/** What a contract suite runs on: one realm, real or fake, with a password policy of at least 8 characters. */
export interface KeycloakRealmUnderTest {
  users: KeycloakUserRepository;
  tokens: TokenClient;
  /** Whether Keycloak says which rule of its policy a new user's password breaks: 24 does not. Left out: it does. */
  namesPasswordRule?: boolean;
}

/** One with everything that a realm asks for by default. */
export type NewTestUser = NewKeycloakUser & { email: string; firstName: string; lastName: string };

/** A user whose name nobody else has: suites may share a realm. */
export function newUser(changes: Partial<NewTestUser> = {}): NewTestUser {
  const username = `user-${randomUUID()}`;
  return {
    username,
    email: `${username}@example.org`,
    firstName: "Ada",
    lastName: "Lovelace",
    password: `password-${randomUUID()}`,
    emailVerified: false,
    enabled: true,
    ...changes,
  };
}
