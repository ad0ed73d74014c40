import type { User } from "@libs/database";
import type { KeycloakUser } from "../../ports/ports.ts";
import { profileOf } from "../shared/keycloak-profile.ts";
import type { Difference, KeycloakField } from "./difference.ts";

const FIELDS: readonly KeycloakField[] = ["username", "email", "firstName", "lastName", "emailVerified", "enabled"];

/** What differs between a user as Keycloak has it and as it is here; null: not there, or not here. Case counts. */
export function compareUser(keycloak: KeycloakUser | null, local: User | null): Difference[] {
  if (!keycloak) {
    if (!local || local.deletedAt) return [];
    return [{ kind: "extra", userId: local.id, username: local.username }];
  }
  const subject = { userId: keycloak.id, username: keycloak.username };
  if (!local || local.deletedAt) return [{ kind: "missing", ...subject, local: local ? "tombstone" : "none" }];
  const profile = profileOf(keycloak);
  return FIELDS.filter((field) => profile[field] !== local[field]).map((field) => ({
    kind: "field" as const,
    ...subject,
    field,
    keycloak: profile[field],
    local: local[field],
  }));
}
