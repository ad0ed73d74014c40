import { randomBytes, randomUUID } from "node:crypto";
import type { SQL } from "bun";
import { parseKeyRing, TokenCipher } from "../../libs/keycloak-authV2/src/crypto/index.ts";

/** One key of a ring. */
export const newTokenKey = (id: string): string => `${id}:${randomBytes(32).toString("base64")}`;

/** As long as Keycloak's usually are. */
const TOKEN_BYTES = 700;
const AT_ONCE = 1_000;
const columns = ["access_token", "refresh_token", "id_token"] as const;

/** Inserts live sessions of one made-up user, whose tokens are under a key. */
export async function insertSealedSessions(sql: SQL, key: string, count: number): Promise<void> {
  const cipher = new TokenCipher(parseKeyRing(key));
  const userId = randomUUID();
  await sql`INSERT INTO users (id, username, synced_at) VALUES (${userId}, ${userId}, now())`;
  for (let start = 0; start < count; start += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, count - start) }, () => {
      const sessionId = randomUUID();
      const seal = (column: string) =>
        cipher.encrypt(randomBytes(TOKEN_BYTES).toString("base64"), { sessionId, column });
      const tokens = Object.fromEntries(columns.map((column) => [column, seal(column)]));
      return { session_id: sessionId, user_id: userId, keycloak_session_id: sessionId, ...tokens };
    });
    await sql`
      INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, refresh_token, id_token,
        token_expires_at, started_at, last_seen_at)
      SELECT session_id, user_id, keycloak_session_id, access_token, refresh_token, id_token,
        now() + interval '1 hour', now(), now()
      FROM jsonb_to_recordset(${rows}::jsonb)
        AS row(session_id text, user_id text, keycloak_session_id text, access_token text, refresh_token text, id_token text)`;
  }
}

/** Stored values by the key that they name. */
export async function valuesByKey(sql: SQL): Promise<Record<string, number>> {
  const rows: { key: string; count: number }[] = await sql`
    SELECT split_part(value, '.', 2) AS key, count(*)::int AS count
    FROM sessions, unnest(ARRAY[access_token, refresh_token, id_token]) AS value
    WHERE value IS NOT NULL GROUP BY 1`;
  return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
}
