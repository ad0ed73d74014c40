import type { Pool } from "pg";
import { type Counted, counted, type RateLimitRow, rateLimitKey, selectRateLimit } from "./rate-limit-rows.ts";

export interface PermitAttempt {
  taken: boolean;
  /** What the account's limit has counted; null: nothing. */
  counted: Counted | null;
}

/** One permit per account over all replicas: who has it may log in. */
export interface LoginPermits {
  /** Takes the permit if it is free, and reads the account's limit, in one round trip. @throws when nobody answers */
  take(key: string, holder: string): Promise<PermitAttempt>;
  /** @param pauseMs how long nobody may have it yet, in milliseconds */
  release(key: string, holder: string, pauseMs: number): Promise<void>;
}

export interface LoginPermitsOptions {
  /** Longer than an attempt can take: whoever has died meanwhile is overtaken then. Milliseconds. */
  heldMs: number;
  /** Name of the limit that is read. */
  limit: string;
}

type PermitRow = { taken: boolean } & (RateLimitRow | { [column in keyof RateLimitRow]: null });

// The table is unlogged: a commit that writes nothing else does not wait for the disk. Time is the server's alone.
const TAKE = `
  WITH permit AS (
    INSERT INTO login_locks AS held (key, until, holder)
    VALUES ($1, clock_timestamp() + $3 * interval '1 millisecond', $2)
    ON CONFLICT (key) DO UPDATE SET until = excluded.until, holder = excluded.holder
      WHERE held.until <= clock_timestamp()
    RETURNING key
  )
  SELECT EXISTS (SELECT FROM permit) AS taken, points, expire
  FROM (VALUES (1)) AS always LEFT JOIN (${selectRateLimit("$4", "$5")}) AS limited ON true`;

const FREE = "DELETE FROM login_locks WHERE key = $1 AND holder = $2";
const PAUSE = `
  UPDATE login_locks SET until = clock_timestamp() + $3 * interval '1 millisecond' WHERE key = $1 AND holder = $2`;

/** {@link LoginPermits} in the table `login_locks`. */
export class PostgresLoginPermits implements LoginPermits {
  constructor(
    private readonly pool: Pool,
    private readonly options: LoginPermitsOptions,
  ) {}

  async take(key: string, holder: string): Promise<PermitAttempt> {
    const { heldMs, limit } = this.options;
    const now = Date.now();
    const values = [key, holder, heldMs, rateLimitKey(limit, key), now];
    const { rows } = await this.pool.query<PermitRow>({ name: "login-permit-take", text: TAKE, values });
    const [row] = rows;
    return { taken: row?.taken === true, counted: row && row.points !== null ? counted(row, now) : null };
  }

  async release(key: string, holder: string, pauseMs: number): Promise<void> {
    if (pauseMs > 0) {
      await this.pool.query({ name: "login-permit-pause", text: PAUSE, values: [key, holder, pauseMs] });
    } else {
      await this.pool.query({ name: "login-permit-free", text: FREE, values: [key, holder] });
    }
  }
}
