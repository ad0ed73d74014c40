import type { KeycloakLogoutRepository, LogoutPlan } from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { toAuthError } from "./database-failure.ts";
import type { SyncDeps } from "./sync-deps.ts";

const HOUR_MS = 3_600_000;
/** Longer than the call that is made at once may take. */
const FIRST_ATTEMPT_AFTER_MS = 4_000;
/** A refresh that Keycloak answered just before the end may have made the session live this much longer. */
const MARGIN_MS = HOUR_MS;
/** Keycloak's default idle time of offline sessions. */
const OFFLINE_MS = 30 * 24 * HOUR_MS;

/** For {@link queueLogout}. */
export type QueueLogoutDeps = Pick<SyncDeps, "now"> & {
  keycloakLogouts: Pick<KeycloakLogoutRepository, "add">;
};

/** For {@link followAtKeycloak}. */
export type FollowDeps = Pick<SyncDeps, "logger" | "wake"> & {
  keycloak: Pick<KeycloakUserRepository, "deleteSession">;
  keycloakLogouts: Pick<KeycloakLogoutRepository, "remove">;
};

/** How Keycloak's side of a session that ends now follows: inline first, by the sweep of waiting logouts otherwise. */
export function planLogout(now: Date): LogoutPlan {
  return {
    nextAttemptAt: new Date(now.getTime() + FIRST_ATTEMPT_AFTER_MS),
    marginMs: MARGIN_MS,
    latestExpiresAt: new Date(now.getTime() + OFFLINE_MS),
  };
}

/** The same, left to the sweep at once: nobody calls inline. */
export const planQueuedLogout = (now: Date): LogoutPlan => ({ ...planLogout(now), nextAttemptAt: now });

/** Queues the logout of a session that has no live row of its own to be queued with. */
export async function queueLogout(
  { keycloakLogouts, now }: QueueLogoutDeps,
  session: { keycloakSessionId: string; userId: string; refreshExpiresAt?: Date | null | undefined },
  reason: string,
): Promise<void> {
  const at = now();
  const plan = planLogout(at);
  const { keycloakSessionId, userId, refreshExpiresAt } = session;
  const expiresAt = refreshExpiresAt ? new Date(refreshExpiresAt.getTime() + plan.marginMs) : plan.latestExpiresAt;
  const { nextAttemptAt } = plan;
  await keycloakLogouts.add([{ keycloakSessionId, userId, reason, nextAttemptAt, createdAt: at, expiresAt }]);
}

/**
 * Ends a session in Keycloak by its `sid`. One that is not there is over already.
 * @throws AuthError `keycloak.*`
 */
export async function endKeycloakSession(
  keycloak: Pick<KeycloakUserRepository, "deleteSession">,
  keycloakSessionId: string,
): Promise<void> {
  await keycloak.deleteSession(keycloakSessionId);
  // An offline session lives on without the online one that it came from.
  await keycloak.deleteSession(keycloakSessionId, "offline");
}

/**
 * Makes the call that a queued logout stands for, now. Never throws: what fails is left to the sweep.
 * @param call default: by `sid`
 */
export async function followAtKeycloak(
  { keycloak, keycloakLogouts, logger, wake }: FollowDeps,
  keycloakSessionId: string,
  call: () => Promise<unknown> = () => endKeycloakSession(keycloak, keycloakSessionId),
): Promise<void> {
  try {
    await call();
    await keycloakLogouts.remove(keycloakSessionId);
  } catch (error) {
    const mapped = toAuthError(error);
    const level = mapped.status === 503 || mapped.status === 504 ? "warn" : "error";
    logger[level]({ err: mapped }, "session ended here, not yet in Keycloak: its logout is queued");
    wake("logouts");
  }
}
