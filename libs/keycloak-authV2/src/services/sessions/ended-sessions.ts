import type { LiveSession, SessionEndReason, UserRepository } from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { later } from "../shared/back-off.ts";

/** For {@link findGone}. */
export interface FindGoneDeps {
  keycloak: Pick<KeycloakUserRepository, "listSessions" | "listOfflineSessions">;
}

interface MarginDeps {
  users: Pick<UserRepository, "findById">;
}

/** For {@link findEndedSessions}. */
export type FindEndedSessionsDeps = {
  keycloak: Pick<KeycloakUserRepository, "readPassword">;
} & FindGoneDeps &
  MarginDeps;

export type EndedBy = Extract<SessionEndReason, "ended_in_keycloak" | "password_changed">;

/** How far this process's clock may be off Keycloak's within the second of a login. Milliseconds. */
const CLOCKS_MS = 250;
/** A change of a user comes with its event: a password this much older than the event was set by what it reports. */
const SAME_CHANGE_MS = 2_000;
/** A login with the old password may be under way until Keycloak has committed the new one. Milliseconds. */
const MARGIN_MS = 1_000;

/**
 * Which live sessions of one user must end: those that Keycloak no longer has, and those that began before the password
 * was set (Keycloak leaves them alive, and reports a password inside `PUT users/{id}` as any other edit). Costs two calls,
 * four where a session may be an offline one.
 * @param local read before this is called, so that a session which begins meanwhile is not taken for one that has ended
 * @param changedAt of the event that brings this about, by Keycloak's clock; null: none
 * @returns by `sid`
 * @throws AuthError `keycloak.*`; what the repositories throw
 */
export async function findEndedSessions(
  deps: FindEndedSessionsDeps,
  userId: string,
  local: readonly LiveSession[],
  changedAt: Date | null = null,
): Promise<Map<string, EndedBy>> {
  const ended = await findGone(deps, userId, local);
  const others = local.filter(({ keycloakSessionId }) => !ended.has(keycloakSessionId));
  if (others.length === 0) return ended;
  const setAt = (await deps.keycloak.readPassword(userId))?.setAt ?? null;
  if (setAt === null) return ended;
  const inDoubt = others.filter((session) => knowsPasswordsUntil(session) < setAt.getTime() + MARGIN_MS);
  if (inDoubt.length === 0) return ended;
  const marginMs = await marginOf(deps, userId, setAt, changedAt);
  for (const session of inDoubt)
    if (knowsPasswordsUntil(session) < setAt.getTime() + marginMs)
      ended.set(session.keycloakSessionId, "password_changed");
  return ended;
}

/** Those that Keycloak has in neither of its lists, or in the other one only. Costs one call, or three. */
export async function findGone(
  { keycloak }: FindGoneDeps,
  userId: string,
  local: readonly LiveSession[],
): Promise<Map<string, EndedBy>> {
  const online = new Set((await keycloak.listSessions(userId)).filter(({ ours }) => ours).map(({ id }) => id));
  const isOnline = ({ offline, keycloakSessionId }: LiveSession) => offline !== true && online.has(keycloakSessionId);
  const missing = local.filter((session) => !isOnline(session));
  // A limited offline session has an end like any other: its kind can't be seen from that.
  const mayBeOffline = missing.filter(({ offline }) => offline !== false);
  const offline = new Set(
    mayBeOffline.length === 0 ? [] : (await keycloak.listOfflineSessions(userId)).map(({ id }) => id),
  );
  const gone = missing.filter((session) => session.offline === false || !offline.has(session.keycloakSessionId));
  return new Map(gone.map(({ keycloakSessionId }) => [keycloakSessionId, "ended_in_keycloak"]));
}

/** Rows from before starts were kept to the millisecond hold the beginning of their second. */
function knowsPasswordsUntil({ startedAt, keptAsOf }: LiveSession): number {
  const start = startedAt.getTime() + (startedAt.getMilliseconds() === 0 ? MARGIN_MS - 1 : 0);
  return Math.max(start, keptAsOf?.getTime() ?? 0);
}

/**
 * Who logs in again within a second of such a change logs in once more; but not who logs in right after registering. Where
 * nothing reports a change, a start is no better known than its second by a clock that differs.
 */
async function marginOf({ users }: MarginDeps, userId: string, setAt: Date, changedAt: Date | null) {
  const sinceMs = changedAt === null ? -1 : changedAt.getTime() - setAt.getTime();
  const user = await users.findById(userId);
  const isFirst = !user || setAt < later(user.createdAt, SAME_CHANGE_MS);
  if (sinceMs < 0 || sinceMs > SAME_CHANGE_MS) return isFirst ? -MARGIN_MS : -CLOCKS_MS;
  return isFirst ? -CLOCKS_MS : MARGIN_MS;
}
