import type { PersonRecord } from "@libs/database";
import type { KeycloakSession, KeycloakUser } from "../../ports.ts";
import type { PersonDeps } from "./person-deps.ts";

/** Everything that is held of one person, without passwords, tokens and their hashes. */
export interface PersonExport {
  /** Keycloak's user id. */
  userId: string;
  exportedAt: Date;
  keycloak: {
    /** null: Keycloak has no such user. */
    user: KeycloakUser | null;
    sessions: KeycloakSession[];
    offlineSessions: KeycloakSession[];
  };
  local: PersonRecord;
}

/**
 * @returns null when neither side knows the user
 * @throws AuthError `keycloak.*`; what the repositories throw
 */
export async function exportPerson(deps: PersonDeps, userId: string): Promise<PersonExport | null> {
  const { keycloak, people, now } = deps;
  const [user, local] = await Promise.all([keycloak.getUser(userId), people.collect(userId)]);
  if (!user && !local.user && local.activities.length === 0 && local.registrations.length === 0) return null;
  const [sessions, offlineSessions] = user
    ? await Promise.all([keycloak.listSessions(userId), keycloak.listOfflineSessions(userId)])
    : [[], []];
  return { userId, exportedAt: now(), keycloak: { user, sessions, offlineSessions }, local };
}
