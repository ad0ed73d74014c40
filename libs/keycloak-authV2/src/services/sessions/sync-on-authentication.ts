import type { KeycloakProfile, Session, SessionRepository, User } from "@libs/database";
import { ForeignKeyViolationError } from "@libs/database";
import { deadlinePassed } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { type ResolveCollisionDeps, withCollisionResolved } from "../reconcile/resolve-collision.ts";
import {
  type SettleRegistrationDeps,
  withRegistrationSettled,
} from "../registration/settle-unfinished-registration.ts";
import { type AssertKeycloakUserDeps, assertKeycloakUser } from "../shared/assert-keycloak-user.ts";
import { assertTokensBelong, type PlainTokens, sealTokens } from "../shared/seal-tokens.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { readClaims } from "../shared/token-times.ts";
import {
  type EndUnrecordedSessionDeps,
  endUnrecordedSession,
  type UnrecordedSession,
} from "./end-unrecorded-session.ts";
import { type InStepWithLoginDeps, inStepWithLogin } from "./in-step-with-login.ts";

/** For {@link undoLogin}. */
export type UndoLoginDeps = Pick<SyncDeps, "background"> & EndUnrecordedSessionDeps;

type RecordLoginDeps = Pick<SyncDeps, "now" | "cipher"> & {
  sessions: Pick<SessionRepository, "recordLogin">;
} & ResolveCollisionDeps &
  SettleRegistrationDeps;

/** For {@link syncOnAuthentication}: all of it is what its steps use. */
export type SyncOnAuthenticationDeps = AssertKeycloakUserDeps & RecordLoginDeps & InStepWithLoginDeps & UndoLoginDeps;

/**
 * A session that Keycloak has opened, to be stored.
 * @see {@link UserSyncService}
 */
export interface AuthenticatedSession extends PlainTokens {
  /** The application's own handle of the session. */
  sessionId: string;
  /** Keycloak's `session_state`, which is the tokens' `sid`. */
  keycloakSessionId: string;
  ipAddress?: string | null | undefined;
  userAgent?: string | null | undefined;
}

/**
 * A login to store: the user's fields and the session.
 * @see {@link UserSyncService}
 */
export interface AuthenticationInput {
  keycloakUserId: string;
  email: string | null;
  username: string;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  /** Taken only where the user has no store yet. */
  storeId?: string | null | undefined;
  sessionData: AuthenticatedSession;
}

/**
 * Stores a login in one transaction: `lastLoginAt`, `loginCount + 1`, the session with encrypted tokens. A user that was
 * created elsewhere is provisioned; one whose fields here differ from the login's is re-read from Keycloak. When the
 * write fails, the Keycloak session is ended: no session without a row.
 * @throws AuthError `session.invalid` when the tokens are another's; `keycloak.misconfigured` when the id is no user's; database errors as the repositories throw them
 */
export async function syncOnAuthentication(
  deps: SyncOnAuthenticationDeps,
  input: AuthenticationInput,
): Promise<{ user: User; session: Session }> {
  const { keycloakUserId, sessionData } = input;
  const { keycloakSessionId } = sessionData;
  try {
    assertTokensBelong(sessionData.accessToken, { keycloakSessionId, userId: keycloakUserId });
    if (deadlinePassed()) throw new AuthError("request.timeout");
    await assertKeycloakUser(deps, { id: keycloakUserId, username: input.username });
    const recorded = await recordLogin(deps, input);
    return { ...recorded, user: await inStepWithLogin(deps, recorded.user, profileOfLogin(input)) };
  } catch (error) {
    // Nobody will ever hold this session, so it must not live on in Keycloak; nor here, if only the answer to the write
    // was lost. Not awaited: the caller's time is short.
    const { sessionId, refreshExpiresAt } = sessionData;
    undoLogin(deps, { sessionId, keycloakSessionId, userId: keycloakUserId, refreshExpiresAt });
    if (error instanceof ForeignKeyViolationError) throw new AuthError("registration.store_unknown", { cause: error });
    throw error;
  }
}

/** Ends a login on both sides that its caller got no answer to. Returns at once; repeating it is safe. */
export function undoLogin(deps: UndoLoginDeps, session: UnrecordedSession): void {
  deps.background.run("end unrecorded session", () => endUnrecordedSession(deps, session));
}

async function recordLogin(
  deps: RecordLoginDeps,
  input: AuthenticationInput,
): Promise<{ user: User; session: Session }> {
  const { sessionData } = input;
  const now = deps.now();
  const profile = profileOfLogin(input);
  const issuedAt = readClaims(sessionData.accessToken)?.iat;
  const write = (ignoreUnfinished: boolean) =>
    deps.sessions.recordLogin({
      profile,
      ignoreUnfinished,
      storeId: input.storeId ?? null,
      session: {
        ...sealTokens(deps.cipher, sessionData.sessionId, sessionData),
        sessionId: sessionData.sessionId,
        keycloakSessionId: sessionData.keycloakSessionId,
        ipAddress: sessionData.ipAddress ?? null,
        userAgent: sessionData.userAgent ?? null,
        startedAt: startOf(issuedAt, now),
      },
      now,
    });
  const writeOverHolders = (ignoreUnfinished: boolean) =>
    withCollisionResolved(deps, profile, () => write(ignoreUnfinished));
  return await withRegistrationSettled(deps, profile, writeOverHolders, { complete: true });
}

/**
 * A password grant opens its own session, so its first token's `iat` is the session's start, in whole seconds; when in that
 * second this process knows better, as long as its clock agrees.
 */
function startOf(issuedAt: number | undefined, now: Date): Date {
  if (issuedAt === undefined) return now;
  return new Date(Math.min(Math.max(now.getTime(), issuedAt * 1000), issuedAt * 1000 + 999));
}

function profileOfLogin(input: AuthenticationInput): KeycloakProfile {
  const { keycloakUserId: id, username, email, firstName, lastName, emailVerified } = input;
  // Keycloak does not let a disabled user in.
  return { id, username, email, firstName, lastName, emailVerified, enabled: true };
}
