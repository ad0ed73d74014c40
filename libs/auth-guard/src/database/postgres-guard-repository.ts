import { throwMapped } from "@libs/postgres";
import type { Grant, GuardedSession, GuardedUser, GuardRepository } from "../guard/guard-repository.ts";

/** A statement that is sent often: where the connection allows it, the server prepares it once under this name. */
export interface NamedStatement {
  name: string;
  text: string;
}

/** Runs one statement on the application's database. @returns its rows */
export type RunStatement = (statement: NamedStatement, values: string[]) => Promise<object[]>;

/** All as text: how `pg` reads other types is a setting of the whole process, which the service may have changed. */
const SESSION = {
  name: "guard_session",
  text: `
    SELECT session_id AS "sessionId", user_id AS "userId", (extract(epoch FROM started_at) * 1000)::text AS "startedAtMs"
    FROM sessions WHERE keycloak_session_id = $1 AND ended_at IS NULL`,
};
const USER = {
  name: "guard_user",
  text: `
    SELECT store_id AS "storeId", organization_id AS "organizationId", (
      SELECT jsonb_agg(DISTINCT jsonb_build_object('permission', permissions.name,
        'storeId', user_roles.store_id, 'organizationId', user_roles.organization_id))
      FROM user_roles
      JOIN role_permissions ON role_permissions.role_id = user_roles.role_id
      JOIN permissions ON permissions.id = role_permissions.permission_id
      WHERE user_roles.user_id = users.id)::text AS grants
    FROM users WHERE id = $1 AND enabled AND deleted_at IS NULL`,
};
const STORE = {
  name: "guard_store",
  text: `SELECT organization_id AS "organizationId" FROM stores WHERE id = $1`,
};

/**
 * Sessions, users and their permissions in PostgreSQL. Throws `DatabaseError`s alone.
 * @see {@link openGuardDatabase}
 */
export class PostgresGuardRepository implements GuardRepository {
  constructor(private readonly run: RunStatement) {}

  async findSession(keycloakSessionId: string): Promise<GuardedSession | null> {
    const row = await this.#one<{ sessionId: string; userId: string; startedAtMs: string }>(SESSION, keycloakSessionId);
    if (!row) return null;
    const { startedAtMs, ...session } = row;
    return { ...session, startedAt: new Date(Number(startedAtMs)) };
  }

  async findUser(userId: string): Promise<GuardedUser | null> {
    const row = await this.#one<Omit<GuardedUser, "grants"> & { grants: string | null }>(USER, userId);
    return row && { ...row, grants: row.grants === null ? [] : (JSON.parse(row.grants) as Grant[]) };
  }

  async findOrganizationOfStore(storeId: string): Promise<string | null> {
    const row = await this.#one<{ organizationId: string | null }>(STORE, storeId);
    return row?.organizationId ?? null;
  }

  async #one<Row>(statement: NamedStatement, value: string): Promise<Row | null> {
    const rows = (await this.run(statement, [value]).catch(throwMapped)) as Row[];
    return rows[0] ?? null;
  }
}
