import type { Actor, Role } from "../ports/role-repository.ts";
import type { PrismaClient } from "./client.ts";

/** See {@link RoleRepository.defineRole}: one statement. */
export async function defineRole(
  prisma: PrismaClient,
  { name, description, permissions }: Role,
  by: Actor,
  now: Date,
): Promise<{ unknownPermissions: string[] }> {
  const unknown = await prisma.$queryRaw<{ name: string }[]>`
    WITH wanted AS (
      SELECT DISTINCT given.name, permissions.id FROM unnest(${permissions}::text[]) AS given (name)
      LEFT JOIN permissions ON permissions.name = given.name
    ), before AS (
      SELECT description FROM roles WHERE name = ${name}
    ), role AS (
      INSERT INTO roles (name, description, created_at)
      SELECT ${name}::text, ${description}::text, ${now}::timestamptz
      WHERE NOT EXISTS (SELECT FROM wanted WHERE id IS NULL)
      ON CONFLICT (name) DO UPDATE SET description = excluded.description
      RETURNING id
    ), added AS (
      INSERT INTO role_permissions (role_id, permission_id)
      SELECT role.id, wanted.id FROM role, wanted ORDER BY wanted.id
      ON CONFLICT DO NOTHING RETURNING permission_id
    ), removed AS (
      DELETE FROM role_permissions USING role
      WHERE role_id = role.id AND permission_id NOT IN (SELECT id FROM wanted) RETURNING permission_id
    ), logged AS (
      INSERT INTO activity_logs (type, at, ip_address, user_agent, details)
      SELECT 'role.defined', ${now}::timestamptz, ${by.ipAddress ?? null}::text, ${by.userAgent ?? null}::text,
        jsonb_build_object('role', ${name}::text, 'by', ${by.id}::text,
          'added', (SELECT coalesce(jsonb_agg(permissions.name ORDER BY permissions.name COLLATE "C"), '[]')
            FROM added JOIN permissions ON id = permission_id),
          'removed', (SELECT coalesce(jsonb_agg(permissions.name ORDER BY permissions.name COLLATE "C"), '[]')
            FROM removed JOIN permissions ON id = permission_id))
      FROM role WHERE EXISTS (SELECT FROM added) OR EXISTS (SELECT FROM removed)
        OR NOT EXISTS (SELECT FROM before WHERE description IS NOT DISTINCT FROM ${description}::text)
    )
    SELECT name FROM wanted WHERE id IS NULL ORDER BY name COLLATE "C"`;
  return { unknownPermissions: unknown.map((permission) => permission.name) };
}

/** See {@link RoleRepository.deleteRole}: one statement. Each grant that goes with the role is logged as revoked. */
export async function deleteRole(prisma: PrismaClient, name: string, by: Actor, now: Date): Promise<boolean> {
  const rows = await prisma.$queryRaw<{ id: string }[]>`
    WITH role AS (
      DELETE FROM roles WHERE name = ${name} RETURNING id
    ), logged AS (
      INSERT INTO activity_logs (user_id, type, at, ip_address, user_agent, details)
      SELECT user_id, type, ${now}::timestamptz, ${by.ipAddress ?? null}::text, ${by.userAgent ?? null}::text,
        jsonb_strip_nulls(details || jsonb_build_object('role', ${name}::text, 'by', ${by.id}::text))
      FROM (
        SELECT NULL AS user_id, 'role.deleted' AS type, '{}'::jsonb AS details FROM role
        UNION ALL
        SELECT user_id, 'role.revoked', jsonb_build_object('grantId', user_roles.id, 'storeId', store_id,
          'organizationId', organization_id)
        FROM user_roles JOIN role ON role.id = role_id
      ) AS happened
    )
    SELECT id::text FROM role`;
  return rows.length > 0;
}
