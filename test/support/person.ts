import { randomBytes } from "node:crypto";

export interface Person {
  username: string;
  email: string;
  password: string;
  firstName: string;
  lastName: string;
}

/** How an administrator creates or imports somebody in Keycloak. */
export function keycloakUserOf({ password, ...profile }: Person) {
  return { ...profile, enabled: true, credentials: [{ type: "password", value: password, temporary: false }] };
}

/** Somebody who was never registered before. */
export function newPerson(overrides: Partial<Person> = {}): Person {
  const id = randomBytes(6).toString("hex");
  return {
    username: `ada-${id}`,
    email: `ada-${id}@example.com`,
    password: `Secret-${randomBytes(12).toString("hex")}`,
    firstName: "Ada",
    lastName: "Lovelace",
    ...overrides,
  };
}
