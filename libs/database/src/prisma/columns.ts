import { Prisma } from "../generated/client.ts";

/**
 * Columns by name, in the words of the ports. Never `*`: a prepared statement would break on every running replica as
 * soon as a migration adds a column.
 */
export const USER_COLUMNS = Prisma.raw(`
  id, username, email, first_name AS "firstName", last_name AS "lastName", email_verified AS "emailVerified", enabled,
  store_id AS "storeId", organization_id AS "organizationId", metadata, last_login_at AS "lastLoginAt",
  login_count AS "loginCount", synced_at AS "syncedAt", created_at AS "createdAt", updated_at AS "updatedAt",
  deleted_at AS "deletedAt"`);

/** What a session row holds beside its tokens: nothing that a caller of a write has not just given. */
export const SESSION_FACT_COLUMNS = Prisma.raw(`
  session_id AS "sessionId", user_id AS "userId", keycloak_session_id AS "keycloakSessionId",
  previous_refresh_token_hash AS "previousRefreshTokenHash", refreshed_at AS "refreshedAt", ip_address AS "ipAddress",
  user_agent AS "userAgent", kept_as_of AS "keptAsOf", started_at AS "startedAt", last_seen_at AS "lastSeenAt", ended_at AS "endedAt",
  end_reason AS "endReason"`);

/** Tokens of an ended session are erased; the port calls that the empty string. */
export const SESSION_TOKEN_COLUMNS = Prisma.raw(`
  coalesce(access_token, '') AS "accessToken", refresh_token AS "refreshToken", id_token AS "idToken",
  refresh_token_hash AS "refreshTokenHash", token_expires_at AS "tokenExpiresAt",
  refresh_expires_at AS "refreshExpiresAt", tokens_issued_at AS "tokensIssuedAt", offline`);

export const KEYCLOAK_LOGOUT_COLUMNS = Prisma.raw(`
  keycloak_session_id AS "keycloakSessionId", user_id AS "userId", reason, attempts, last_error AS "lastError",
  next_attempt_at AS "nextAttemptAt", created_at AS "createdAt", expires_at AS "expiresAt"`);

export const REGISTRATION_COLUMNS = Prisma.raw(`
  id, state, username, email, profile, keycloak_user_id AS "keycloakUserId", attempts, last_error AS "lastError",
  idempotency_key AS "idempotencyKey", next_attempt_at AS "nextAttemptAt", lost_until AS "lostUntil",
  parked_at AS "parkedAt", created_at AS "createdAt", updated_at AS "updatedAt"`);

export const NOTICE_COLUMNS = Prisma.raw(`
  id, kind, subject, CASE source WHEN 'full_look' THEN 'full_reconciliation' ELSE source END AS source,
  changed_at AS "changedAt", keep_session AS "keepSession", version, passes, attempts,
  last_error AS "lastError", next_attempt_at AS "nextAttemptAt", dead_at AS "deadAt", created_at AS "createdAt"`);
