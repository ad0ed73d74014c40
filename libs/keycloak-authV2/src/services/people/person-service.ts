import { createPersonRepository, type ListedSession, type PrismaClient, type SessionFilter } from "@libs/database";
import type { Registry } from "@libs/observability";
import { createAuthMetrics } from "../../metrics/metrics.ts";
import type { KeycloakIntegrationService } from "../integration/index.ts";
import { type LogoutEverywhereDeps, logoutEverywhere } from "../sessions/logout-everywhere.ts";
import { authErrors } from "../shared/database-failure.ts";
import { createKeylessDeps, type UserSyncOptions } from "../sync/create-sync-deps.ts";
import { type ErasePersonDeps, type ErasureOptions, type ErasureResult, erasePerson } from "./erase-person.ts";
import { type ExportPersonDeps, exportPerson, type PersonExport } from "./export-person.ts";
import { listSessions, type RevokedSession, type RevokeSessionsDeps, revokeSessions } from "./revoke-sessions.ts";
import { type FindPeopleDeps, findPeople, type PersonView } from "./view-person.ts";

/** What the flows that this joins use, together. */
type PersonDeps = FindPeopleDeps & ExportPersonDeps & ErasePersonDeps & RevokeSessionsDeps & LogoutEverywhereDeps;

/** How the facade is made; the encryption keys are not needed, since no token is read. */
export type PersonServiceOptions = Pick<UserSyncOptions, "now" | "logger" | "wake">;

/**
 * What an operator does with one person, on both sides. A small composition root over `services/people/*`.
 *
 * @example
 * const people = new PersonService(integration, prisma, registry);
 * for (const { local, keycloak, differing } of await people.find("ada@example.com")) console.log(differing);
 */
export class PersonService {
  readonly #deps: PersonDeps;

  constructor(
    integration: Pick<KeycloakIntegrationService, "userRepository" | "personSource">,
    prisma: PrismaClient,
    metrics: Registry,
    options: PersonServiceOptions = {},
  ) {
    this.#deps = {
      ...createKeylessDeps(integration.userRepository, prisma, metrics, options),
      personSource: integration.personSource,
      people: createPersonRepository(prisma, createAuthMetrics(metrics).observeDatabase),
    };
  }

  /** By id, username or email, on either side. @throws AuthError */
  find(who: string): Promise<PersonView[]> {
    return authErrors(() => findPeople(this.#deps, who));
  }

  /** Everything that is held of a person; null when neither side knows the id. @throws AuthError */
  export(userId: string): Promise<PersonExport | null> {
    return authErrors(() => exportPerson(this.#deps, userId));
  }

  /** Erases a person on both sides; orders stay without the person. Repeatable. @throws PersonError | AuthError */
  erase(userId: string, options?: ErasureOptions): Promise<ErasureResult> {
    return erasePerson(this.#deps, userId, options);
  }

  /** Newest first, read as they are asked for. */
  listSessions(filter: SessionFilter): AsyncGenerator<ListedSession> {
    return listSessions(this.#deps, filter);
  }

  /** Ends live sessions on both sides; reported as they end. */
  revokeSessions(filter: Omit<SessionFilter, "ended">, signal?: AbortSignal): AsyncGenerator<RevokedSession> {
    return revokeSessions(this.#deps, filter, signal);
  }

  /** Ends whatever sessions a user has in Keycloak beside those that are known here, and those too. @throws AuthError */
  async revokeEverywhere(userId: string): Promise<number> {
    return (await authErrors(() => logoutEverywhere(this.#deps, userId))).ended;
  }
}
