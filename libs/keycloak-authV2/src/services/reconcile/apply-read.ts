import type {
  AppliedProfile,
  KeycloakProfile,
  KeycloakTicket,
  SessionRepository,
  TicketRepository,
  UserRepository,
} from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { chunk } from "../shared/chunk.ts";
import { planQueuedLogout } from "../shared/end-at-keycloak.ts";
import { profileOf } from "../shared/keycloak-profile.ts";
import { ServiceAccounts } from "../shared/service-accounts.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link readUsers}. */
export interface ReadUsersDeps {
  tickets: Pick<TicketRepository, "next">;
  keycloak: Pick<KeycloakUserRepository, "getUsers" | "searchUsers">;
}

/** For {@link endStaleSessions}. */
export type EndStaleSessionsDeps = Pick<SyncDeps, "now" | "logger" | "wake"> & {
  sessions: Pick<SessionRepository, "endLive">;
};

/** For {@link applyRead}, which ends sessions too. */
export type ApplyReadDeps = EndStaleSessionsDeps & {
  users: Pick<UserRepository, "applyProfiles">;
};

/** One reconciliation of users, and what holds for all of them; `Deps` is what the step that gets it uses. */
export interface Reconciliation<Deps> {
  deps: Deps;
  /** Known to be in Keycloak: an answer that lacks this user proves nothing. */
  witnessId: string | undefined;
  maxDeletionsPerMinute: number;
  leaveUnchanged: boolean;
}

/** What one read of Keycloak brought. */
export interface UserRead {
  /** Taken before the read. */
  ticket: KeycloakTicket;
  present: KeycloakProfile[];
  absent: string[];
  /** Of clients: nobody's accounts, which get no row. */
  serviceAccounts: string[];
  /** Of the absent: their answer lacked those who must be there too, as after a lost permission. */
  unproven: Set<string>;
  /** Of the present: before when their tokens must have been issued that Keycloak no longer takes. */
  notBefore: Map<string, Date>;
}

/** As many ids as Keycloak reads in one answer without an over-long address, one of them the witness. */
export const RECONCILE_BATCH = 49;

/** @throws AuthError `keycloak.*`; what the repositories throw */
export async function readUsers(
  { deps, witnessId }: Reconciliation<ReadUsersDeps>,
  ids: readonly string[],
): Promise<UserRead> {
  const read: UserRead = {
    ticket: await deps.tickets.next(),
    present: [],
    absent: [],
    serviceAccounts: [],
    unproven: new Set(),
    notBefore: new Map(),
  };
  const accounts = new ServiceAccounts(deps.keycloak);
  for (const batch of chunk(ids, RECONCILE_BATCH)) {
    const users = await deps.keycloak.getUsers(witnessId === undefined ? batch : [...batch, witnessId]);
    const found = new Map(users.map((user) => [user.id, user]));
    const trusted = witnessId === undefined ? found.size > 0 : found.has(witnessId);
    for (const id of batch) {
      const user = found.get(id);
      if (user && (await accounts.has(user))) read.serviceAccounts.push(id);
      else if (user) {
        read.present.push(profileOf(user));
        if (user.notBefore) read.notBefore.set(id, user.notBefore);
      }
      if (!user) {
        read.absent.push(id);
        if (!trusted) read.unproven.add(id);
      }
    }
  }
  return read;
}

/** Writes what a read found, and ends the sessions of those whom Keycloak no longer lets in. */
export async function applyRead(
  { deps, leaveUnchanged }: Reconciliation<ApplyReadDeps>,
  profiles: readonly KeycloakProfile[],
  ticket: KeycloakTicket,
  { ignoreUnfinished = [] }: { ignoreUnfinished?: readonly string[] } = {},
): Promise<Map<string, AppliedProfile>> {
  if (profiles.length === 0) return new Map();
  const applied = await deps.users.applyProfiles(profiles, ticket, deps.now(), { ignoreUnfinished, leaveUnchanged });
  const outcomes = new Map(applied.map((profile) => [profile.id, profile]));
  for (const { id, enabled } of profiles) {
    const outcome = outcomes.get(id)?.outcome;
    // Unchanged ones too: an earlier reconciliation may have died between the two statements.
    if (!enabled && (outcome === "updated" || outcome === "unchanged" || outcome === "revived"))
      await endSessionsAndQueueLogouts(deps, id);
  }
  return outcomes;
}

/**
 * Ends the disabled user's rows and queues Keycloak's logout for each: in Keycloak the sessions stay, and would work again
 * once the user is enabled.
 */
async function endSessionsAndQueueLogouts(deps: EndStaleSessionsDeps, userId: string): Promise<void> {
  const now = deps.now();
  const logout = planQueuedLogout(now);
  const ended = await deps.sessions.endLive({ userId }, "user_disabled", now, logout);
  if (ended.length === 0) return;
  deps.logger.info({ userId, sessions: ended.length }, "user is disabled in Keycloak: sessions ended");
  deps.wake("logouts");
}

/** An administrator's sign-out leaves offline sessions in Keycloak's list, and takes none of their tokens any more. */
export async function endStaleSessions(
  { deps }: Reconciliation<EndStaleSessionsDeps>,
  { notBefore }: UserRead,
): Promise<void> {
  for (const [userId, issuedBefore] of notBefore) {
    const now = deps.now();
    const logout = planQueuedLogout(now);
    const ended = await deps.sessions.endLive({ userId, issuedBefore }, "ended_in_keycloak", now, logout);
    if (ended.length === 0) continue;
    deps.logger.info(
      { userId, sessions: ended.length },
      "Keycloak no longer accepts the user's tokens: sessions ended",
    );
    deps.wake("logouts");
  }
}
