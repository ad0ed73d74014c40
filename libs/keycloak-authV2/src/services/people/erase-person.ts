import { setTimeout as pause } from "node:timers/promises";
import {
  ERASED_USERNAME,
  type ErasedRows,
  type PersonRepository,
  type RegistrationRepository,
  type SessionRepository,
  type UserRepository,
} from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { PersonError } from "./person-error.ts";

type EraseHereDeps = Pick<SyncDeps, "logger" | "now"> & {
  sessions: Pick<SessionRepository, "endLive">;
  users: Pick<UserRepository, "markDeleted">;
  people: Pick<PersonRepository, "erase">;
};

/** For {@link erasePerson}. */
export type ErasePersonDeps = {
  registrations: Pick<RegistrationRepository, "findByUserIds">;
  keycloak: Pick<KeycloakUserRepository, "deleteUser">;
  users: Pick<UserRepository, "findById">;
} & EraseHereDeps;

/**
 * How a person is erased.
 * @see {@link PersonService}
 */
export interface ErasureOptions {
  /**
   * How long a login that was under way may still bring the person back, in milliseconds: longer than a request takes.
   * The erasure waits so long and checks again. Default 6000.
   */
  settleMs?: number;
}

/**
 * What an erasure has removed.
 * @see {@link PersonService}
 */
export interface ErasureResult extends ErasedRows {
  /** Whether the user was there. */
  inKeycloak: boolean;
  /** How many live sessions were ended. */
  endedSessions: number;
}

const SETTLE_MS = 6_000;
const MOST_ROUNDS = 5;

/**
 * Deletes the user in Keycloak, then everything that names the person here; the row stays as a tombstone for the orders.
 * Repeatable: one that was cut short is finished by another call with the same id.
 * @throws PersonError
 * @throws AuthError `keycloak.*`: nothing was erased; what the repositories throw: repeat the call
 */
export async function erasePerson(
  deps: ErasePersonDeps,
  userId: string,
  { settleMs = SETTLE_MS }: ErasureOptions = {},
): Promise<ErasureResult> {
  const { registrations, keycloak, users } = deps;
  const own = await registrations.findByUserIds([userId]);
  if (own.some(({ state }) => state === "pending" || state === "undoing"))
    throw new PersonError(
      "person.registration_unfinished",
      "the registration of this user is not finished: wait for its recovery, or decide it with authctl registrations",
    );
  const inKeycloak = await keycloak.deleteUser(userId);
  const result = { inKeycloak, ...(await eraseHere(deps, userId)) };
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    await pause(settleMs);
    const row = await users.findById(userId);
    if (!row || (row.deletedAt && row.username === ERASED_USERNAME)) return result;
    result.endedSessions += (await eraseHere(deps, userId)).endedSessions;
  }
  throw new PersonError("person.keeps_coming_back", "the user's row kept changing here: repeat the command");
}

async function eraseHere({ sessions, users, people, logger, now }: EraseHereDeps, userId: string) {
  // Keycloak's sessions went with the user.
  const ended = await sessions.endLive({ userId }, "user_deleted", now());
  await users.markDeleted(userId, now());
  const rows = await people.erase(userId, now());
  logger.info({ userId, ...rows }, "person erased");
  return { ...rows, endedSessions: ended.length };
}
