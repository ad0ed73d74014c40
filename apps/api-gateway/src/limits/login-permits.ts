import type { Pool } from "pg";
import { type Counted, counted, type RateLimitRow, rateLimitKey, selectRateLimit } from "./rate-limit-rows.ts";

export interface SlotAttempt {
  taken: boolean;
  /** What the account's limit has counted; null: nothing. */
  counted: Counted | null;
}

/** One place per account over all replicas. */
export interface LoginSlots {
  /** Takes the place if it is free, and reads the account's limit, in one round trip. @throws when nobody answers */
  take(key: string, holder: string): Promise<SlotAttempt>;
  /** @param pauseMs how long nobody may have it yet, in milliseconds */
  release(key: string, holder: string, pauseMs: number): Promise<void>;
}

export interface LoginSlotsOptions {
  /** Longer than an attempt can take: whoever has died meanwhile is overtaken then. Milliseconds. */
  heldMs: number;
  /** Name of the limit that is read. */
  limit: string;
}

type SlotRow = { taken: boolean } & (RateLimitRow | { [column in keyof RateLimitRow]: null });

// The table is unlogged: a commit that writes nothing else does not wait for the disk. Time is the server's alone.
const TAKE = `
  WITH slot AS (
    INSERT INTO login_turns AS held (key, until, holder)
    VALUES ($1, clock_timestamp() + $3 * interval '1 millisecond', $2)
    ON CONFLICT (key) DO UPDATE SET until = excluded.until, holder = excluded.holder
      WHERE held.until <= clock_timestamp()
    RETURNING key
  )
  SELECT EXISTS (SELECT FROM slot) AS taken, points, expire
  FROM (VALUES (1)) AS always LEFT JOIN (${selectRateLimit("$4", "$5")}) AS limited ON true`;

const FREE = "DELETE FROM login_turns WHERE key = $1 AND holder = $2";
const PAUSE = `
  UPDATE login_turns SET until = clock_timestamp() + $3 * interval '1 millisecond' WHERE key = $1 AND holder = $2`;

/** {@link LoginSlots} in the table `login_turns`. */
export class PostgresLoginSlots implements LoginSlots {
  constructor(
    private readonly pool: Pool,
    private readonly options: LoginSlotsOptions,
  ) {}

  async take(key: string, holder: string): Promise<SlotAttempt> {
    const { heldMs, limit } = this.options;
    const now = Date.now();
    const values = [key, holder, heldMs, rateLimitKey(limit, key), now];
    const { rows } = await this.pool.query<SlotRow>({ name: "login-turn-take", text: TAKE, values });
    const [row] = rows;
    return { taken: row?.taken === true, counted: row && row.points !== null ? counted(row, now) : null };
  }

  async release(key: string, holder: string, pauseMs: number): Promise<void> {
    if (pauseMs > 0) {
      await this.pool.query({ name: "login-turn-pause", text: PAUSE, values: [key, holder, pauseMs] });
    } else {
      await this.pool.query({ name: "login-turn-free", text: FREE, values: [key, holder] });
    }
  }
}
