import type { PrismaClient } from "../client.ts";
import type { Grant, GuardedSession, GuardedUser, GuardRepository } from "../guard-repository.ts";
import { throwMapped } from "./map-prisma-error.ts";

/** Sessions, users and their permissions in PostgreSQL. */
export class PrismaGuardRepository implements GuardRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async findSession(keycloakSessionId: string): Promise<GuardedSession | null> {
    const rows = await this.prisma.$queryRaw<GuardedSession[]>`
      SELECT session_id AS "sessionId", user_id AS "userId", started_at AS "startedAt"
      FROM sessions WHERE keycloak_session_id = ${keycloakSessionId} AND ended_at IS NULL`.catch(throwMapped);
    return rows[0] ?? null;
  }

  async findUser(userId: string): Promise<GuardedUser | null> {
    const rows = await this.prisma.$queryRaw<(Omit<GuardedUser, "grants"> & { grants: Grant[] | null })[]>`
      SELECT store_id AS "storeId", organization_id AS "organizationId", (
        SELECT jsonb_agg(DISTINCT jsonb_build_object('permission', permissions.name,
          'storeId', user_roles.store_id, 'organizationId', user_roles.organization_id))
        FROM user_roles
        JOIN role_permissions ON role_permissions.role_id = user_roles.role_id
        JOIN permissions ON permissions.id = role_permissions.permission_id
        WHERE user_roles.user_id = users.id) AS grants
      FROM users WHERE id = ${userId} AND enabled AND deleted_at IS NULL`.catch(throwMapped);
    const [row] = rows;
    return row ? { ...row, grants: row.grants ?? [] } : null;
  }

  async findOrganizationOfStore(storeId: string): Promise<string | null> {
    const rows = await this.prisma.$queryRaw<{ organizationId: string | null }[]>`
      SELECT organization_id AS "organizationId" FROM stores WHERE id = ${storeId}`.catch(throwMapped);
    return rows[0]?.organizationId ?? null;
  }
}
