import { throwMapped } from "@libs/postgres";
import type { SessionKeys, StoredTokenRepository, StoredTokens } from "../ports/stored-token-repository.ts";
import type { PrismaClient } from "./client.ts";

/** The encrypted columns of `sessions` in PostgreSQL. */
export class PrismaStoredTokenRepository implements StoredTokenRepository {
  constructor(private readonly prisma: PrismaClient) {}

  scan(after: string | null, limit: number): Promise<SessionKeys[]> {
    // Only the beginning of a value is read: the rest lies outside the row.
    return this.prisma.$queryRaw<SessionKeys[]>`
      SELECT session_id AS "sessionId", ARRAY(
          SELECT CASE WHEN head LIKE 'v_.%' THEN split_part(head, '.', 2) ELSE '' END
          FROM unnest(ARRAY[left(access_token, 40), left(refresh_token, 40), left(id_token, 40)]) AS head
          WHERE head IS NOT NULL) AS "keyIds"
      FROM sessions
      WHERE session_id > ${after ?? ""} AND num_nonnulls(access_token, refresh_token, id_token) > 0
      ORDER BY session_id LIMIT ${limit}`.catch(throwMapped);
  }

  sample(from: string, limit: number, now: Date): Promise<StoredTokens[]> {
    // By the index of live sessions, whose rows are counted before any is filtered out.
    return this.prisma.$queryRaw<StoredTokens[]>`
      SELECT session_id AS "sessionId", access_token AS "accessToken", refresh_token AS "refreshToken",
        id_token AS "idToken"
      FROM (
        (SELECT session_id, access_token, refresh_token, id_token, refresh_expires_at FROM sessions
          WHERE ended_at IS NULL AND user_id >= ${from} ORDER BY user_id LIMIT ${limit})
        UNION ALL
        (SELECT session_id, access_token, refresh_token, id_token, refresh_expires_at FROM sessions
          WHERE ended_at IS NULL AND user_id < ${from} ORDER BY user_id LIMIT ${limit})
      ) AS live
      WHERE num_nonnulls(access_token, refresh_token, id_token) > 0
        AND (refresh_expires_at IS NULL OR refresh_expires_at > ${now})
      LIMIT ${limit}`.catch(throwMapped);
  }

  async read(sessionIds: readonly string[]): Promise<StoredTokens[]> {
    if (sessionIds.length === 0) return [];
    return await this.prisma.$queryRaw<StoredTokens[]>`
      SELECT session_id AS "sessionId", access_token AS "accessToken", refresh_token AS "refreshToken",
        id_token AS "idToken"
      FROM sessions
      WHERE session_id = ANY(${[...sessionIds]}::text[])
        AND num_nonnulls(access_token, refresh_token, id_token) > 0`.catch(throwMapped);
  }

  async replaceUnchanged(changes: readonly { before: StoredTokens; after: StoredTokens }[]): Promise<string[]> {
    if (changes.length === 0) return [];
    const before = columns(changes.map((change) => change.before));
    const after = columns(changes.map((change) => change.after));
    // The condition is checked again on the newest version of a row that changed meanwhile.
    const rows = await this.prisma.$queryRaw<{ sessionId: string }[]>`
      WITH change AS (
        SELECT * FROM unnest(${before.sessionId}::text[],
          ${before.accessToken}::text[], ${before.refreshToken}::text[], ${before.idToken}::text[],
          ${after.accessToken}::text[], ${after.refreshToken}::text[], ${after.idToken}::text[]
        ) AS c(session_id, access_before, refresh_before, id_before, access_after, refresh_after, id_after)
      ), free AS MATERIALIZED (
        SELECT session_id FROM sessions WHERE session_id = ANY(${before.sessionId}::text[])
        ORDER BY session_id FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE sessions SET access_token = access_after, refresh_token = refresh_after, id_token = id_after
      FROM change JOIN free USING (session_id)
      WHERE sessions.session_id = change.session_id AND access_token IS NOT DISTINCT FROM access_before
        AND refresh_token IS NOT DISTINCT FROM refresh_before AND id_token IS NOT DISTINCT FROM id_before
      RETURNING sessions.session_id AS "sessionId"`.catch(throwMapped);
    return rows.map(({ sessionId }) => sessionId);
  }

  fingerprintKeys(now: Date): Promise<{ keyId: string; until: Date }[]> {
    return this.prisma.$queryRaw<{ keyId: string; until: Date }[]>`
      SELECT split_part(fingerprint, ':', 1) AS "keyId", max(expires_at) AS until FROM idempotency_keys
      WHERE expires_at > ${now} GROUP BY 1`.catch(throwMapped);
  }
}

function columns(rows: readonly StoredTokens[]) {
  return {
    sessionId: rows.map(({ sessionId }) => sessionId),
    accessToken: rows.map(({ accessToken }) => accessToken),
    refreshToken: rows.map(({ refreshToken }) => refreshToken),
    idToken: rows.map(({ idToken }) => idToken),
  };
}
