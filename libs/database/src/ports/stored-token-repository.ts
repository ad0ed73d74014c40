import type { Session } from "./session.ts";

/**
 * The encrypted values of a live session, as they are stored.
 * @see {@link StoredTokenRepository}
 */
export type StoredTokens = Pick<Session, "sessionId" | "refreshToken" | "idToken"> & { accessToken: string | null };

/**
 * Which keys a session's values name.
 * @see {@link StoredTokenRepository}
 */
export interface SessionKeys {
  sessionId: string;
  /** One a value; a value of unknown form names the empty string. */
  keyIds: string[];
}

/**
 * PORT: stored tokens by the key that they are encrypted with, for changing that key.
 * @example
 * ```ts
 * import type { SessionKeys, StoredTokenRepository, StoredTokens } from "@libs/database";
 *
 * export async function underOldKey(tokens: StoredTokenRepository, keyId: string): Promise<StoredTokens[]> {
 *   const page: SessionKeys[] = await tokens.scan(null, 500);
 *   return tokens.read(page.filter(({ keyIds }) => keyIds.includes(keyId)).map(({ sessionId }) => sessionId));
 * }
 * ```
 */
export interface StoredTokenRepository {
  /** Sessions that hold tokens, in the order of their ids. @param after an id; null: from the beginning */
  scan(after: string | null, limit: number): Promise<SessionKeys[]>;
  /**
   * Some live sessions that hold tokens and are not over by their time: for trying a key ring. Costs the same however
   * many sessions there are.
   * @param from where the sample begins, in the order of user ids; it goes on at the beginning
   * @param limit most sessions
   */
  sample(from: string, limit: number, now: Date): Promise<StoredTokens[]>;
  /** Those that still hold tokens. */
  read(sessionIds: readonly string[]): Promise<StoredTokens[]>;
  /**
   * Stores other ciphertexts of the same tokens, in each session whose three values are all unchanged. A session that
   * somebody else writes at this moment is left out, without waiting. One statement.
   * @returns ids of the sessions that were written
   */
  replaceUnchanged(changes: readonly { before: StoredTokens; after: StoredTokens }[]): Promise<string[]>;
  /** Which keys the fingerprints of repeatable requests name, and until when the last of each counts. */
  fingerprintKeys(now: Date): Promise<{ keyId: string; until: Date }[]>;
}
