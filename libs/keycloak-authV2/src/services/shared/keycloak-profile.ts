import type { KeycloakProfile } from "@libs/database";
import type { KeycloakUser } from "../../ports/ports.ts";

/** The fields of a Keycloak user that the local row mirrors. */
export function profileOf(user: KeycloakUser): KeycloakProfile {
  const { id, username, email, firstName, lastName, emailVerified, enabled } = user;
  return { id, username, email, firstName, lastName, emailVerified, enabled };
}
