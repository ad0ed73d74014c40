import type { PersonRecord, PersonRepository } from "@libs/database";
import type {
  KeycloakPersonDetails,
  KeycloakPersonSource,
  KeycloakSession,
  KeycloakUser,
  KeycloakUserRepository,
} from "../../ports/ports.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link exportPerson}. */
export type ExportPersonDeps = Pick<SyncDeps, "now"> & {
  keycloak: Pick<KeycloakUserRepository, "getUser" | "listSessions" | "listOfflineSessions">;
  personSource: Pick<KeycloakPersonSource, "readDetails">;
  people: Pick<PersonRepository, "collect">;
};

/**
 * Everything that is held of one person, without passwords, tokens and their hashes.
 * @see {@link PersonService}
 */
export interface PersonExport {
  /** Keycloak's user id. */
  userId: string;
  exportedAt: Date;
  keycloak: {
    /** null: Keycloak has no such user. */
    user: KeycloakUser | null;
    /** null: without a user. */
    details: KeycloakPersonDetails | null;
    sessions: KeycloakSession[];
    offlineSessions: KeycloakSession[];
  };
  local: PersonRecord;
}

/**
 * @returns null when neither side knows the user
 * @throws AuthError `keycloak.*`; what the repositories throw
 */
export async function exportPerson(deps: ExportPersonDeps, userId: string): Promise<PersonExport | null> {
  const { keycloak, personSource, people, now } = deps;
  const [user, local] = await Promise.all([keycloak.getUser(userId), people.collect(userId)]);
  if (!user && !local.user && local.activities.length === 0 && local.registrations.length === 0) return null;
  const [details, sessions, offlineSessions] = user
    ? await Promise.all([
        personSource.readDetails(userId),
        keycloak.listSessions(userId),
        keycloak.listOfflineSessions(userId),
      ])
    : [null, [], []];
  return { userId, exportedAt: now(), keycloak: { user, details, sessions, offlineSessions }, local };
}
