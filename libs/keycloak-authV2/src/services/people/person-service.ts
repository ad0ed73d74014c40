import { createPersonRepository, type ListedSession, type PrismaClient, type SessionFilter } from "@libs/database";
import type { Registry } from "@libs/observability";
import { createAuthMetrics } from "../../metrics/metrics.ts";
import type { FacadeParts, KeycloakIntegrationService } from "../integration/index.ts";
import { type LogoutEverywhereDeps, logoutEverywhere } from "../sessions/logout-everywhere.ts";
import { authErrors } from "../shared/database-failure.ts";
import { integrationParts } from "../shared/integration-parts.ts";
import { createKeylessDeps, type UserSyncOptions } from "../sync/create-sync-deps.ts";
import { type ErasePersonDeps, type ErasureOptions, type ErasureResult, erasePerson } from "./erase-person.ts";
import { type ExportPersonDeps, exportPerson, type PersonExport } from "./export-person.ts";
import {
  type ListProgress,
  listSessions,
  type RevokedSession,
  type RevokeSessionsDeps,
  revokeSessions,
} from "./revoke-sessions.ts";
import { type FindPeopleDeps, findPeople, type PersonView } from "./view-person.ts";

/** What the flows that this joins use, together. */
type PersonDeps = FindPeopleDeps & ExportPersonDeps & ErasePersonDeps & RevokeSessionsDeps & LogoutEverywhereDeps;

/**
 * How the facade is made; the encryption keys are not needed, since no token is read.
 * @see {@link PersonService}
 */
export type PersonServiceOptions = Pick<UserSyncOptions, "now" | "logger" | "wake">;

type PersonIntegration = Pick<KeycloakIntegrationService, "userRepository" | "personSource">;

/**
 * All that a {@link PersonService} is made of, in one object.
 * @see {@link PersonService}
 */
export interface PersonServiceSetup extends FacadeParts, PersonServiceOptions {
  integration: PersonIntegration;
}

/**
 * What an operator does with one person, on both sides. A small composition root over `services/people/*`.
 * @example
 * ```ts
 * import { PrismaClient } from "@libs/database";
 * import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
 * import {
 *   CALLED_AT_MOST,
 *   type ErasureOptions,
 *   type ErasureResult,
 *   PersonError,
 *   type PersonErrorCode,
 *   type PersonExport,
 *   PersonService,
 *   type PersonServiceOptions,
 *   type PersonServiceSetup,
 *   type PersonView,
 *   type RevokedSession,
 *   type SessionView,
 * } from "@libs/keycloak-authV2/services/people";
 * import { Registry } from "prom-client";
 *
 * const database = new PrismaClient();
 * const metrics = new Registry();
 * const clientSecret = process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const keycloak = { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret };
 * const integration = KeycloakIntegrationService.create({ keycloak, database, metrics });
 * const options: PersonServiceOptions = { now: () => new Date() };
 * const setup: PersonServiceSetup = { integration, database, metrics, ...options };
 * const people = new PersonService(setup);
 *
 * const [ada]: PersonView[] = await people.find("ada@example.com");
 * const sessions: SessionView[] = ada?.sessions ?? [];
 * const userId = ada?.userId ?? "";
 * const everything: PersonExport | null = await people.export(userId);
 * console.log(sessions.length, everything?.exportedAt);
 *
 * const ended: RevokedSession[] = await Array.fromAsync(people.revokeSessions({ userId }));
 * if (ended.length > CALLED_AT_MOST) console.log("Keycloak's sessions end later, by the gateway");
 * const erasure: ErasureOptions = { settleMs: 6000 };
 * const unfinished: PersonErrorCode = "person.registration_unfinished";
 * try {
 *   const erased: ErasureResult = await people.erase(userId, erasure);
 *   console.log(ended.length, erased.inKeycloak);
 * } catch (error) {
 *   if (!(error instanceof PersonError) || error.code !== unfinished) throw error;
 *   console.warn(error.message);
 * }
 * ```
 */
export class PersonService {
  readonly #deps: PersonDeps;

  constructor(setup: PersonServiceSetup);
  /** The same with each part by its place. */
  constructor(integration: PersonIntegration, prisma: PrismaClient, metrics: Registry, options?: PersonServiceOptions);
  constructor(...given: [PersonServiceSetup] | [PersonIntegration, PrismaClient, Registry, PersonServiceOptions?]) {
    const { integration, ...options } = given.length === 1 ? given[0] : integrationParts(...given);
    const { database, metrics } = options;
    this.#deps = {
      ...createKeylessDeps({ ...options, repository: integration.userRepository }),
      personSource: integration.personSource,
      people: createPersonRepository(database, createAuthMetrics(metrics).observeDatabase),
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
  listSessions(filter: SessionFilter, progress?: ListProgress): AsyncGenerator<ListedSession> {
    return listSessions(this.#deps, filter, progress);
  }

  /**
   * Ends live sessions on both sides; reported as they end. Up to 200 are over in Keycloak too by then; more are ended there
   * by the gateway's background work.
   */
  revokeSessions(
    filter: Omit<SessionFilter, "ended">,
    signal?: AbortSignal,
    onPage?: ListProgress["onPage"],
  ): AsyncGenerator<RevokedSession> {
    return revokeSessions(this.#deps, filter, signal, onPage);
  }

  /** Ends whatever sessions a user has in Keycloak beside those that are known here, and those too. @throws AuthError */
  async revokeEverywhere(userId: string): Promise<number> {
    return (await authErrors(() => logoutEverywhere(this.#deps, userId))).ended;
  }
}
