import type { TestStack } from "@libs/dev-stack";
import { SQL } from "bun";

/** Longer than any bench: nothing expires meanwhile. Seconds. */
const LIFE_S = 6 * 3_600;

/** Live sessions by the thousands, on both sides, without as many logins: copies of one that is real. */
export class SilentSessions {
  constructor(
    private readonly stack: Pick<TestStack, "databaseUrl">,
    private readonly sql: SQL,
  ) {}

  /** @param sessionId of the session that is copied. @param count so many users get one each */
  async copy(sessionId: string, count: number): Promise<void> {
    const [template] = await this.sql`SELECT keycloak_session_id FROM sessions WHERE session_id = ${sessionId}`;
    const made: { sid: string; userId: string }[] = await this.sql`
      INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, refresh_token, refresh_token_hash,
        token_expires_at, refresh_expires_at, started_at, last_seen_at)
      SELECT gen_random_uuid()::text, chosen.id, left(md5(chosen.id), 24), access_token, refresh_token,
        md5(chosen.id), token_expires_at, now() + ${LIFE_S}::int * interval '1 second', started_at, last_seen_at
      FROM sessions, (SELECT id FROM users WHERE deleted_at IS NULL AND enabled AND username LIKE 'ada-%'
        ORDER BY md5(id) LIMIT ${count}::int) AS chosen
      WHERE session_id = ${sessionId}
      RETURNING keycloak_session_id AS sid, user_id AS "userId"`;
    const url = new URL(this.stack.databaseUrl);
    url.pathname = "/keycloak";
    const keycloak = new SQL(url.href, { max: 1 });
    try {
      const rows = JSON.stringify(made.map(({ sid, userId }) => ({ sid, user_id: userId })));
      await keycloak`
        INSERT INTO offline_user_session (user_session_id, user_id, realm_id, created_on, offline_flag, data,
          last_session_refresh, broker_session_id, version, remember_me)
        SELECT made.sid, made.user_id, realm_id, created_on, offline_flag, data, last_session_refresh + ${LIFE_S}::int,
          broker_session_id, 0, remember_me
        FROM offline_user_session, jsonb_to_recordset(${rows}::text::jsonb) AS made (sid text, user_id text)
        WHERE user_session_id = ${template.keycloak_session_id} AND offline_flag = '0'`;
      await keycloak`
        INSERT INTO offline_client_session (user_session_id, client_id, offline_flag, timestamp, data,
          client_storage_provider, external_client_id, version, realm_id)
        SELECT made.sid, client_id, offline_flag, timestamp, data, client_storage_provider, external_client_id, 0, realm_id
        FROM offline_client_session, jsonb_to_recordset(${rows}::text::jsonb) AS made (sid text, user_id text)
        WHERE user_session_id = ${template.keycloak_session_id} AND offline_flag = '0'`;
    } finally {
      await keycloak.close();
    }
  }
}
