import {
  DatabaseError,
  type LostToken,
  type Session,
  type SessionRepository,
  type SessionTokens,
} from "@libs/database";
import { AuthError, isAuthError } from "@libs/problems";
import { ExponentialBackoff, handleWhen, retry } from "cockatiel";
import type { SessionTokenSet } from "../../ports/ports.ts";
import { planQueuedLogout } from "../shared/end-at-keycloak.ts";
import { assertTokensBelong, plainTokens, sealTokens } from "../shared/seal-tokens.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { readClaims } from "../shared/token-times.ts";

type StoreDeps = Pick<SyncDeps, "background"> & { sessions: Pick<SessionRepository, "replaceTokens"> };

type ReleaseDeps = Pick<SyncDeps, "logger"> & { sessions: Pick<SessionRepository, "releaseRefresh"> };

/** For {@link exchangeTokens}. */
export type ExchangeTokensDeps = Pick<SyncDeps, "cipher" | "now" | "wake"> & {
  sessions: Pick<SessionRepository, "end">;
} & StoreDeps &
  ReleaseDeps;

/** The right to exchange a session's current refresh token, until somebody else has a newer one. */
export interface Lease {
  session: Session;
  refreshTokenHash: string;
  fence: bigint;
  /** What is exchanged in its place, where the database has lost it. */
  lost?: LostToken;
}

/** `answered`: Keycloak gave tokens; somebody else's are in the row, or the session has ended. */
export type Exchange = { stored: true; tokens: SessionTokenSet } | { stored: false; answered: boolean };

/** As long as the lease is likely to be this caller's. */
const untilOvertaken = retry(
  handleWhen((error) => error instanceof DatabaseError),
  {
    maxAttempts: 5,
    backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 1_000 }),
  },
);

/**
 * Exchanges a refresh token under a lease: asks Keycloak, with nothing held in the database, and stores its answer if the
 * lease is still the newest. A failure frees the lease at once.
 * @throws AuthError `session.refused` (the row has ended too) | `keycloak.*`; database errors as the repositories throw them
 */
export async function exchangeTokens(
  deps: ExchangeTokensDeps,
  lease: Lease,
  askKeycloak: () => Promise<SessionTokenSet>,
): Promise<Exchange> {
  const { session, refreshTokenHash, fence } = lease;
  const { sessions, cipher, now, wake } = deps;
  let tokens: SessionTokenSet;
  try {
    tokens = await askKeycloak();
    assertSameSubject(tokens.access_token, session);
    assertTokensBelong(tokens.access_token, session);
  } catch (error) {
    if (!isAuthError(error, "session.refused")) {
      await release(deps, lease);
      throw error;
    }
    const ended = await sessions.end(session.sessionId, "refresh_refused", now(), {
      onlyIf: { fence, refreshTokenHash },
      // A refusal is not an end: a disabled user's session, for example, lives again once the user is enabled.
      logout: planQueuedLogout(now()),
    });
    // Where somebody else was quicker, Keycloak refused the token because it is spent: theirs is the row that counts.
    if (!ended) return { stored: false, answered: false };
    wake("logouts");
    throw error;
  }
  const at = now();
  const fresh = sealTokens(cipher, session.sessionId, plainTokens(tokens, at));
  const sealed = lease.lost ? lastOfItsSecond(fresh) : fresh;
  return (await store(deps, lease, sealed, at)) ? { stored: true, tokens } : { stored: false, answered: true };
}

/**
 * Keycloak never gives a session to somebody else: where a refresh of it names another user, a mapper has changed the `sub`.
 * @throws AuthError `keycloak.misconfigured`
 */
function assertSameSubject(accessToken: string, { keycloakSessionId, userId }: Session): void {
  const { sid, sub } = readClaims(accessToken) ?? {};
  if (sid !== keycloakSessionId || sub === userId) return;
  const internal = "refresh: the new token's sub has changed: remove the pairwise subject mapper from the client";
  throw new AuthError("keycloak.misconfigured", { internal });
}

/**
 * Stores new tokens. Where the realm rotates refresh tokens they are the session's only ones: so the write is tried again
 * while its caller learns of the failure.
 */
async function store(
  { sessions, background }: StoreDeps,
  { session, refreshTokenHash, fence, lost }: Lease,
  sealed: SessionTokens,
  at: Date,
): Promise<Session | null> {
  const write = () => sessions.replaceTokens(session.sessionId, refreshTokenHash, sealed, at, fence, lost);
  try {
    return await write();
  } catch (error) {
    if (error instanceof DatabaseError) background.run("store refreshed tokens", () => untilOvertaken.execute(write));
    throw error;
  }
}

/** Tokens have their time of issue in whole seconds. Those that follow a lost one came after all others of that second. */
function lastOfItsSecond(tokens: SessionTokens): SessionTokens {
  const { tokensIssuedAt } = tokens;
  return { ...tokens, tokensIssuedAt: tokensIssuedAt && new Date(tokensIssuedAt.getTime() + 999) };
}

/** A lease that could not be freed is over soon. */
async function release({ sessions, logger }: ReleaseDeps, { session, fence }: Lease): Promise<void> {
  try {
    await sessions.releaseRefresh(session.sessionId, fence);
  } catch (error) {
    logger.debug({ err: error }, "a refresh lease could not be released: it expires soon");
  }
}
