import type { TestStack } from "@libs/dev-stack";
import { SQL } from "bun";

/** Name of Keycloak's own database, beside the application's on the same server. */
const KEYCLOAK_DATABASE = "keycloak";
const THREE_YEARS_MS = 3 * 365 * 86_400_000;

export interface Population {
  users: number;
  /** So many were created in one single millisecond. */
  crowd?: number;
  /** So many have no created time. */
  undated?: number;
  /** So many have no first and last name. */
  nameless?: number;
  /** So many have no email. */
  mailless?: number;
  disabled?: number;
}

/** A window of created time, in milliseconds since the epoch, both ends included; and who is in it. */
export interface CreatedSample {
  from: number;
  to: number;
  ids: string[];
}

type Where = Pick<TestStack, "databaseUrl" | "realm">;

/** Keycloak's own tables: fills a realm in seconds, and reads what is in it without asking Keycloak. */
export class KeycloakTables {
  readonly #sql: SQL;

  constructor(private readonly where: Where) {
    const url = new URL(where.databaseUrl);
    url.pathname = `/${KEYCLOAK_DATABASE}`;
    this.#sql = new SQL(url.href, { max: 1 });
  }

  async close(): Promise<void> {
    await this.#sql.close();
  }

  /** Users as an import makes them, created over three years; who is special in one way is so in no other. */
  async fill({ users, crowd = 0, undated = 0, nameless = 0, mailless = 0, disabled = 0 }: Population): Promise<void> {
    const from = Date.now() - THREE_YEARS_MS;
    const [a, b, c, d, e] = runningTotals([crowd, undated, nameless, mailless, disabled]);
    await this.#sql`
      WITH target AS (SELECT id AS realm_id FROM realm WHERE name = ${this.where.realm}),
      person AS (
        SELECT n, realm_id, md5(realm_id || n) AS hash FROM target, generate_series(1, ${users}::int) AS n
      )
      INSERT INTO user_entity (id, username, email, email_constraint, email_verified, enabled, first_name, last_name,
        realm_id, created_timestamp, not_before)
      SELECT hash::uuid::text, 'ada-' || left(hash, 10) || n,
        CASE WHEN n <= ${c}::int OR n > ${d}::int THEN hash || '@example.com' END,
        CASE WHEN n <= ${c}::int OR n > ${d}::int THEN hash || '@example.com' ELSE gen_random_uuid()::text END,
        n % 3 > 0, n <= ${d}::int OR n > ${e}::int,
        CASE WHEN n <= ${b}::int OR n > ${c}::int THEN 'Ada' END,
        CASE WHEN n <= ${b}::int OR n > ${c}::int THEN 'Byron ' || n END,
        realm_id,
        CASE WHEN n <= ${a}::int THEN ${from}::bigint
          WHEN n > ${b}::int THEN ${from}::bigint + 1 + n * (${THREE_YEARS_MS}::bigint / ${users}::int) END,
        0
      FROM person`;
    await this.#sql`
      INSERT INTO user_role_mapping (role_id, user_id)
      SELECT realm.default_role, user_entity.id FROM realm JOIN user_entity ON realm_id = realm.id
      WHERE realm.name = ${this.where.realm} AND service_account_client_link IS NULL ON CONFLICT DO NOTHING`;
    await this.#sql`ANALYZE user_entity, user_role_mapping`;
  }

  /** So many more, as an import makes them: all created now. */
  async addMore(users: number): Promise<void> {
    await this.#sql`
      INSERT INTO user_entity (id, username, email, email_constraint, email_verified, enabled, first_name, last_name,
        realm_id, created_timestamp, not_before)
      SELECT id, 'more-' || id, id || '@example.com', id || '@example.com', true, true, 'Grace', 'Hopper', realm_id,
        ${Date.now()}::bigint + n, 0
      FROM (SELECT realm.id AS realm_id, n, gen_random_uuid()::text AS id
        FROM realm, generate_series(1, ${users}::int) AS n WHERE realm.name = ${this.where.realm}) AS person`;
  }

  /** Neighbours by created time, from the middle of all. */
  async sample(size: number): Promise<CreatedSample> {
    const rows: { id: string; at: string }[] = await this.#sql`
      WITH people AS (
        SELECT user_entity.id, created_timestamp AS at, row_number() OVER (ORDER BY created_timestamp) AS place,
          count(*) OVER () AS users
        FROM user_entity JOIN realm ON realm.id = realm_id
        WHERE realm.name = ${this.where.realm} AND created_timestamp IS NOT NULL
      )
      SELECT id, at FROM people WHERE place > users / 2 AND place <= users / 2 + ${size}::int ORDER BY place`;
    return { from: Number(rows[0]?.at), to: Number(rows.at(-1)?.at), ids: rows.map(({ id }) => id) };
  }

  /** Ids of disabled people. */
  async disabledIds(): Promise<string[]> {
    const rows: { id: string }[] = await this.#sql`
      SELECT user_entity.id FROM user_entity JOIN realm ON realm.id = realm_id
      WHERE realm.name = ${this.where.realm} AND NOT user_entity.enabled AND service_account_client_link IS NULL ORDER BY 1`;
    return rows.map(({ id }) => id);
  }

  /** Ids of the sessions of people, but for offline ones. */
  async sessionIds(): Promise<string[]> {
    const rows: { id: string }[] = await this.#sql`
      SELECT user_session_id AS id FROM offline_user_session
      JOIN realm ON realm.id = offline_user_session.realm_id JOIN user_entity ON user_entity.id = user_id
      WHERE realm.name = ${this.where.realm} AND offline_flag = '0' AND service_account_client_link IS NULL`;
    return rows.map(({ id }) => id);
  }

  /** Of everything that the application keeps of Keycloak's users: equal to {@link localFingerprint} when both agree. */
  async fingerprint(): Promise<Fingerprint> {
    const [row] = await this.#sql`
      SELECT count(*)::int AS users, md5(string_agg(
        jsonb_build_array(user_entity.id, username, email, first_name, last_name, email_verified, user_entity.enabled)::text,
        '' ORDER BY user_entity.id COLLATE "C")) AS hash
      FROM user_entity JOIN realm ON realm.id = realm_id
      WHERE realm.name = ${this.where.realm} AND service_account_client_link IS NULL`;
    return row;
  }
}

export interface Fingerprint {
  users: number;
  hash: string;
}

/** Of the live local rows. */
export async function localFingerprint(sql: SQL): Promise<Fingerprint> {
  const [row] = await sql`
    SELECT count(*)::int AS users, md5(string_agg(
      jsonb_build_array(id, username, email, first_name, last_name, email_verified, enabled)::text,
      '' ORDER BY id COLLATE "C")) AS hash
    FROM users WHERE deleted_at IS NULL`;
  return row;
}

function runningTotals(counts: [number, number, number, number, number]): [number, number, number, number, number] {
  let sum = 0;
  return counts.map((count) => (sum += count)) as [number, number, number, number, number];
}
