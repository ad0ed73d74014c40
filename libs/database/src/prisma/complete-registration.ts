import { Prisma } from "../generated/client.ts";
import type { KeycloakProfile, User } from "../ports/user-repository.ts";
import type { PrismaClient } from "./client.ts";
import { USER_COLUMNS } from "./columns.ts";
import { somebodySubscribes, userPayload } from "./domain-event-sql.ts";
import { takeOverGrants } from "./take-over-grants.ts";

/**
 * `pending → completed`, the local user, its log row and its event in one statement: all of it or nothing.
 * @returns null when the row was not `pending`
 */
export async function completeRegistration(
  prisma: PrismaClient,
  id: string,
  profile: KeycloakProfile,
  now: Date,
): Promise<User | null> {
  const rows = await prisma.$queryRaw<User[]>`
    WITH completed AS (
      UPDATE registrations SET state = 'completed', keycloak_user_id = ${profile.id}, updated_at = ${now},
        next_attempt_at = NULL, parked_at = NULL
      WHERE id = ${id} AND state = 'pending'
      RETURNING profile AS asked
    ), created AS (
      INSERT INTO users (id, username, email, first_name, last_name, email_verified, enabled, store_id,
        organization_id, metadata, synced_at, created_at, updated_at,
        event_version)
      SELECT ${profile.id}::text, ${profile.username}::text, ${profile.email}::text, ${profile.firstName}::text,
        ${profile.lastName}::text, ${profile.emailVerified}::boolean, ${profile.enabled}::boolean, asked->>'storeId',
        asked->>'organizationId', coalesce(asked->'metadata', '{}'), ${now}::timestamptz, ${now}::timestamptz,
        ${now}::timestamptz, ${somebodySubscribes}::int
      FROM completed
      RETURNING ${USER_COLUMNS}, event_version
    ), logged AS (
      INSERT INTO activity_logs (user_id, type, at, ip_address, user_agent, details)
      SELECT id, 'user.registered', ${now}::timestamptz, asked->'client'->>'ipAddress', asked->'client'->>'userAgent',
        jsonb_build_object('registrationId', ${id}::text) FROM created, completed
    ), ${takeOverGrants(Prisma.sql`created`, now)}, recorded AS (
      INSERT INTO domain_events (user_id, version, type, at, payload)
      SELECT id, event_version, 'user.registered', ${now}::timestamptz,
        ${userPayload(Prisma.sql`created`)} || '{"via":"registration"}' FROM created WHERE ${somebodySubscribes}
    )
    SELECT id, username, email, "firstName", "lastName", "emailVerified", enabled, "storeId", "organizationId",
      metadata, "lastLoginAt", "loginCount", "syncedAt", "createdAt", "updatedAt", "deletedAt" FROM created`;
  return rows[0] ?? null;
}
