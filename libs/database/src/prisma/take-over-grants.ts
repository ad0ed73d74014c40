import { Prisma } from "../generated/client.ts";
import type { KeycloakProfile } from "../ports/user-repository.ts";
import type { Transaction } from "./user-rows.ts";

/**
 * Parts of a WITH: grants that waited for the email of these users become theirs, where the email is verified; each is
 * logged. One that its user has already, in the same scope, goes away. Arrays and OFFSET keep the planner from reading the
 * whole table for a batch.
 * @param users a table with columns named as in the ports
 * @param from for the log
 */
export function takeOverGrants(
  users: Prisma.Sql,
  now: Date,
  from: { ipAddress: string | null; userAgent: string | null } = { ipAddress: null, userAgent: null },
): Prisma.Sql {
  return Prisma.sql`waiting AS MATERIALIZED (
      SELECT waits.id, waits.role_id, waits.store_id, waits.organization_id, waits.granted_by, owner.id AS user_id,
        EXISTS (SELECT FROM user_roles held WHERE held.user_id = owner.id AND held.role_id = waits.role_id
          AND held.store_id IS NOT DISTINCT FROM waits.store_id
          AND held.organization_id IS NOT DISTINCT FROM waits.organization_id OFFSET 0) AS held
      FROM ${users} AS owner JOIN user_roles waits ON lower(waits.grantee_email) = lower(owner.email)
      WHERE owner."emailVerified"
        AND lower(waits.grantee_email) = ANY(ARRAY(SELECT lower(verified.email) FROM ${users} AS verified))
      ORDER BY waits.id FOR UPDATE OF waits
    ), taken_over AS (
      UPDATE user_roles SET user_id = waiting.user_id, grantee_email = NULL
      FROM waiting 
      WHERE user_roles.id = ANY(ARRAY(SELECT id FROM waiting)) AND user_roles.id = waiting.id AND NOT waiting.held
    ), needless AS (
      DELETE FROM user_roles WHERE id = ANY(ARRAY(SELECT id FROM waiting WHERE held))
    ), take_over_logged AS (
      INSERT INTO activity_logs (user_id, type, at, ip_address, user_agent, details)
      SELECT waiting.user_id, 'role.taken_over', ${now}::timestamptz, ${from.ipAddress}::text, ${from.userAgent}::text,
        jsonb_strip_nulls(jsonb_build_object('grantId', waiting.id, 'role', roles.name, 'storeId', store_id,
          'organizationId', organization_id, 'by', granted_by))
      FROM waiting JOIN roles ON roles.id = role_id ORDER BY waiting.id
    )`;
}

/** The same, for users that this transaction has written. Their rows are not read again: many are, in a scan of all users. */
export async function takeOverGrantsOf(
  tx: Transaction,
  owners: readonly Pick<KeycloakProfile, "id" | "email" | "emailVerified">[],
  now: Date,
): Promise<void> {
  const written = JSON.stringify(owners.map(({ id, email, emailVerified }) => ({ id, email, emailVerified })));
  await tx.$queryRaw`
    WITH owners AS (
      SELECT * FROM jsonb_to_recordset(${written}::jsonb) AS owner (id text, email text, "emailVerified" boolean)
    ), ${takeOverGrants(Prisma.sql`owners`, now)}
    SELECT count(*)::int AS count FROM waiting`;
}
