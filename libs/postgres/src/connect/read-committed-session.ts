import type { PoolConfig } from "pg";

/**
 * Settings of a pool whose statements are not ours (pg-boss): each of its connections is set to READ COMMITTED before its
 * first use. Needs sessions: a direct connection, or a pooler in session mode.
 * @see {@link followingConnection}
 */
export const readCommittedSession: Pick<PoolConfig, "onConnect"> = {
  onConnect: async (client) => {
    await client.query("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED");
  },
};
