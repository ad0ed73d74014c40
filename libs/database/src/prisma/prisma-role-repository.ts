import { TransactionConflictError, throwMapped } from "@libs/postgres";
import { Prisma } from "../generated/client.ts";
import type {
  Actor,
  Grantee,
  GrantFilter,
  GrantOutcome,
  Permission,
  PermissionGrant,
  Role,
  RoleGrant,
  RoleRepository,
  Scope,
} from "../ports/role-repository.ts";
import type { PrismaClient } from "./client.ts";
import { defineRole, deleteRole } from "./define-role.ts";

const GRANT_COLUMNS = Prisma.raw(`
  grants.id::text AS id, roles.name AS role, grants.user_id AS "userId", grants.grantee_email AS email,
  grants.store_id AS "storeId", grants.organization_id AS "organizationId", grants.granted_by AS "grantedBy",
  grants.granted_at AS "grantedAt"`);

/** `roles`, `permissions`, `role_permissions` and `user_roles` in PostgreSQL. */
export class PrismaRoleRepository implements RoleRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async definePermissions(permissions: readonly Permission[]): Promise<void> {
    await this.prisma.$executeRaw`
      INSERT INTO permissions (name, description)
      SELECT name, max(description) FROM jsonb_to_recordset(${JSON.stringify(permissions)}::jsonb)
        AS given (name text, description text) GROUP BY name ORDER BY name
      ON CONFLICT (name) DO UPDATE SET description = excluded.description
      WHERE permissions.description IS DISTINCT FROM excluded.description`.catch(throwMapped);
  }

  listPermissions(): Promise<Permission[]> {
    return this.prisma.$queryRaw<Permission[]>`
      SELECT name, description FROM permissions ORDER BY name COLLATE "C"`.catch(throwMapped);
  }

  defineRole(role: Role, by: Actor, now: Date): Promise<{ unknownPermissions: string[] }> {
    return defineRole(this.prisma, role, by, now).catch(throwMapped);
  }

  deleteRole(name: string, by: Actor, now: Date): Promise<boolean> {
    return deleteRole(this.prisma, name, by, now).catch(throwMapped);
  }

  listRoles(): Promise<Role[]> {
    return this.prisma.$queryRaw<Role[]>`
      SELECT roles.name, roles.description,
        coalesce(array_agg(permissions.name ORDER BY permissions.name COLLATE "C")
          FILTER (WHERE permissions.name IS NOT NULL), '{}') AS permissions
      FROM roles LEFT JOIN role_permissions ON role_id = roles.id LEFT JOIN permissions ON permissions.id = permission_id
      GROUP BY roles.id ORDER BY roles.name COLLATE "C"`.catch(throwMapped);
  }

  async grant(role: string, grantee: Grantee, scope: Scope, by: Actor, now: Date): Promise<GrantOutcome> {
    const email = "email" in grantee ? grantee.email : null;
    const rows = await this.prisma.$queryRaw<RoleGrant[]>`
      WITH owner AS (
        SELECT id FROM users WHERE deleted_at IS NULL AND ${
          "email" in grantee
            ? Prisma.sql`lower(email) = lower(${grantee.email}) AND email_verified`
            : Prisma.sql`id = ${grantee.userId}`
        }
      ), grants AS (
        INSERT INTO user_roles (user_id, grantee_email, role_id, store_id, organization_id, granted_at, granted_by)
        SELECT owner.id, CASE WHEN owner.id IS NULL THEN ${email}::text END, roles.id, ${scope.storeId}::text,
          ${scope.organizationId}::text, ${now}::timestamptz, ${by.id}::text
        FROM roles LEFT JOIN owner ON true
        WHERE roles.name = ${role} AND (owner.id IS NOT NULL OR ${email}::text IS NOT NULL)
        ON CONFLICT DO NOTHING
        RETURNING *
      ), logged AS (${logGrants("role.granted", by, now)})
      SELECT ${GRANT_COLUMNS} FROM grants JOIN roles ON roles.id = grants.role_id`.catch(throwMapped);
    if (rows[0]) return { outcome: "granted", grant: rows[0] };
    return await this.#whyNotGranted(role, grantee, scope);
  }

  revoke(role: string, grantee: Grantee, scope: Scope, by: Actor, now: Date): Promise<RoleGrant[]> {
    return this.prisma.$queryRaw<RoleGrant[]>`
      WITH grants AS (
        DELETE FROM user_roles AS grants WHERE ${isGrant(role, grantee, scope)} RETURNING *
      ), logged AS (${logGrants("role.revoked", by, now)})
      SELECT ${GRANT_COLUMNS} FROM grants JOIN roles ON roles.id = grants.role_id`.catch(throwMapped);
  }

  listGrants({ role, grantee }: GrantFilter, limit: number): Promise<RoleGrant[]> {
    return this.prisma.$queryRaw<RoleGrant[]>`
      SELECT ${GRANT_COLUMNS} FROM user_roles AS grants JOIN roles ON roles.id = grants.role_id
      WHERE (${role ?? null}::text IS NULL OR roles.name = ${role ?? null})
        AND ${grantee ? belongsTo(grantee) : Prisma.sql`true`}
      ORDER BY grants.granted_at DESC, grants.id LIMIT ${limit}`.catch(throwMapped);
  }

  findPermissions(userId: string): Promise<PermissionGrant[]> {
    return this.prisma.$queryRaw<PermissionGrant[]>`
      SELECT DISTINCT permissions.name AS permission, grants.store_id AS "storeId",
        grants.organization_id AS "organizationId"
      FROM user_roles AS grants JOIN users ON users.id = grants.user_id
        JOIN role_permissions ON role_permissions.role_id = grants.role_id
        JOIN permissions ON permissions.id = role_permissions.permission_id
      WHERE grants.user_id = ${userId} AND users.enabled AND users.deleted_at IS NULL`.catch(throwMapped);
  }

  async #whyNotGranted(role: string, grantee: Grantee, scope: Scope): Promise<GrantOutcome> {
    const [known] = await this.prisma.$queryRaw<{ role: boolean; user: boolean }[]>`
      SELECT EXISTS (SELECT FROM roles WHERE name = ${role}) AS role,
        EXISTS (SELECT FROM users WHERE id = ${"userId" in grantee ? grantee.userId : null} AND deleted_at IS NULL)
          AS user`.catch(throwMapped);
    if (!known?.role) return { outcome: "role_unknown" };
    if ("userId" in grantee && !known.user) return { outcome: "user_unknown" };
    const [grant] = await this.prisma.$queryRaw<RoleGrant[]>`
      SELECT ${GRANT_COLUMNS} FROM user_roles AS grants JOIN roles ON roles.id = grants.role_id
      WHERE ${isGrant(role, grantee, scope)} ORDER BY grants.user_id NULLS LAST LIMIT 1`.catch(throwMapped);
    if (!grant) throw new TransactionConflictError("the grant was revoked meanwhile");
    return { outcome: "held", grant };
  }
}

function isGrant(role: string, grantee: Grantee, { storeId, organizationId }: Scope): Prisma.Sql {
  return Prisma.sql`grants.role_id = (SELECT id FROM roles WHERE name = ${role}) AND ${belongsTo(grantee)}
    AND grants.store_id IS NOT DISTINCT FROM ${storeId}::text
    AND grants.organization_id IS NOT DISTINCT FROM ${organizationId}::text`;
}

function belongsTo(grantee: Grantee): Prisma.Sql {
  if ("userId" in grantee) return Prisma.sql`grants.user_id = ${grantee.userId}`;
  return Prisma.sql`(lower(grants.grantee_email) = lower(${grantee.email}) OR grants.user_id IN (
    SELECT id FROM users WHERE lower(email) = lower(${grantee.email}) AND deleted_at IS NULL))`;
}

/** Of the rows in `grants`. The email is left out: the log outlives its owner's account. */
function logGrants(type: "role.granted" | "role.revoked", by: Actor, now: Date): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO activity_logs (user_id, type, at, ip_address, user_agent, details)
    SELECT grants.user_id, ${type}::text, ${now}::timestamptz, ${by.ipAddress ?? null}::text,
      ${by.userAgent ?? null}::text, jsonb_strip_nulls(jsonb_build_object('grantId', grants.id, 'role', roles.name,
        'storeId', grants.store_id, 'organizationId', grants.organization_id, 'by', ${by.id}::text))
    FROM grants JOIN roles ON roles.id = grants.role_id`;
}
