import type { ActivityRepository, Session, User } from "@libs/database";
import { type OnDone, takeBackOnFailure } from "@libs/observability";
import type { ClientDetails, KeycloakAuthentication, SessionTokenSet } from "../../ports/ports.ts";
import { type CheckReferencesDeps, checkReferences } from "../registration/check-references.ts";
import { authErrors } from "../shared/database-failure.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { authenticationInput } from "./authentication-input.ts";
import type { AuthenticationInput } from "./sync-on-authentication.ts";

type RecordRefusalDeps = Pick<SyncDeps, "background" | "now"> & {
  activities: Pick<ActivityRepository, "appendFailedLogin">;
};

/** For {@link login}. */
export type LoginDeps = CheckReferencesDeps &
  RecordRefusalDeps & {
    authentication: Pick<KeycloakAuthentication, "assertRoom" | "authenticateWithPassword">;
    /** Stores what Keycloak has accepted: the user and the session. */
    store(login: AuthenticationInput): Promise<{ user: User; session: Session }>;
    /** Ends a stored login on both sides. Returns at once; repeating it is safe. */
    undo(session: Session): void;
  };

/**
 * Who logs in.
 * @see {@link UserSyncService}
 */
export interface LoginInput {
  /** Username or email. */
  username: string;
  password: string;
  /** One-time password, for users that have one configured. */
  otp?: string | undefined;
  /** Taken only where the user has no store yet. */
  storeId?: string | undefined;
}

/**
 * A login that is stored.
 * @see {@link UserSyncService}
 */
export interface LoggedIn {
  user: User;
  session: Session;
  tokens: SessionTokenSet;
}

/**
 * PORT: what a login runs within, such as limits, a lock of its account, a deadline.
 * @throws what `work` throws, or a refusal of its own
 * @see {@link UserSyncService}
 */
export type LoginProtection = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * How a login runs.
 * @see {@link UserSyncService}
 */
export interface LoginOptions<Answer> {
  /** Where it comes from: for Keycloak, the session's row and the activity log. */
  client?: ClientDetails;
  /** Nothing when left out. */
  protect?: LoginProtection;
  /** Makes the caller's answer. A login whose caller gets none is undone: also where this throws. */
  answer: (login: LoggedIn) => Answer | Promise<Answer>;
}

/**
 * The whole login: the store is checked, Keycloak decides, the user and the session are stored, the caller's answer is made.
 * Whatever fails after Keycloak has let the person in, the protection included, ends the session on both sides; so does a
 * login that is stored only after its caller has been answered that it failed. Never retried.
 * @throws AuthError `auth.*` (the person is refused; the activity log has it) | `registration.store_unknown` |
 *   `service.overloaded` | `keycloak.*` | `database.*`; what `protect` and `answer` throw
 */
export async function login<Answer>(
  deps: LoginDeps,
  input: LoginInput,
  { client = {}, protect = (work) => work(), answer }: LoginOptions<Answer>,
): Promise<Answer> {
  deps.authentication.assertRoom();
  return await takeBackOnFailure(async (onDone) => {
    const loggedIn = await protect(() => attempt(deps, input, client, onDone));
    return await answer(loggedIn);
  });
}

/** @param onDone takes how the login is undone, should its caller get no answer after all */
async function attempt(
  deps: LoginDeps,
  { username, password, otp, storeId }: LoginInput,
  client: ClientDetails,
  onDone: OnDone,
): Promise<LoggedIn> {
  await authErrors(() => checkReferences(deps, { storeId }));
  const accepted = await deps.authentication.authenticateWithPassword(username, password, { ...client, otp });
  if (!accepted.success) {
    recordRefusal(deps, username, accepted.error.code, client);
    throw accepted.error;
  }
  const { user, session } = await deps.store(authenticationInput(accepted, { ...client, storeId }, deps.now()));
  onDone(() => deps.undo(session));
  return { user, session, tokens: accepted.tokens };
}

/**
 * Logs that a login was refused, for the user who was meant; nothing of what was typed is kept where nobody is called
 * so. Returns at once: the caller's answer takes as long for a known name as for an unknown one.
 * @param reason a stable code
 */
function recordRefusal(
  { activities, background, now }: RecordRefusalDeps,
  name: string,
  reason: string,
  { ipAddress, userAgent }: ClientDetails,
): void {
  const failed = { name, reason, at: now(), ipAddress: ipAddress ?? null, userAgent: userAgent ?? null };
  background.run("log failed login", () => activities.appendFailedLogin(failed));
}
