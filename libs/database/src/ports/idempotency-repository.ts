/**
 * A request's claim to an `Idempotency-Key`.
 * @see {@link IdempotencyRepository}
 */
export interface IdempotencyClaim {
  /** The route that the key belongs to. */
  scope: string;
  key: string;
  /** Every fingerprint that the request has (one a key of the ring); the first is stored. */
  fingerprints: readonly [string, ...string[]];
  /** The attempt that this request will make if it gets the key. */
  registrationId: string;
  now: Date;
  /** Until when this request holds the key, whatever becomes of its process. */
  lockedUntil: Date;
  expiresAt: Date;
}

/**
 * The response that a repeated request gets again.
 * @see {@link IdempotencyRepository}
 */
export interface StoredAnswer {
  /** HTTP status. */
  status: number;
  answer: unknown;
}

/**
 * What a request under a key gets. `earlier`: an attempt under this key whose answer was not kept.
 * @see {@link IdempotencyRepository}
 */
export type IdempotencyOutcome =
  | { state: "claimed"; earlier: string | null }
  | ({ state: "answered" } & StoredAnswer)
  | { state: "in_flight" }
  | { state: "reused" };

/**
 * Names a holder of a key: one claim, by the end of its lock.
 * @see {@link IdempotencyRepository}
 */
export type IdempotencyHolder = Pick<IdempotencyClaim, "scope" | "key" | "lockedUntil">;

/**
 * PORT: answers by `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header).
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 * @example
 * ```ts
 * import type {
 *   IdempotencyClaim,
 *   IdempotencyHolder,
 *   IdempotencyOutcome,
 *   IdempotencyRepository,
 *   StoredAnswer,
 * } from "@libs/database";
 *
 * export async function once(
 *   keys: IdempotencyRepository,
 *   claim: IdempotencyClaim,
 *   work: () => Promise<StoredAnswer>,
 * ): Promise<StoredAnswer> {
 *   const outcome: IdempotencyOutcome = await keys.claim(claim);
 *   if (outcome.state === "answered") return outcome;
 *   if (outcome.state !== "claimed") throw new Error(outcome.state);
 *   const answer = await work();
 *   const holder: IdempotencyHolder = claim;
 *   await keys.keep(holder, answer);
 *   return answer;
 * }
 * ```
 */
export interface IdempotencyRepository {
  /** Takes the key where it is new, expired, or free with the same request; of parallel claims one wins. */
  claim(claim: IdempotencyClaim): Promise<IdempotencyOutcome>;
  /** Remembers the attempt that the holder makes now. @returns false when somebody else holds the key */
  attach(holder: IdempotencyHolder, registrationId: string): Promise<boolean>;
  /** Keeps the answer until the key expires. @returns false when somebody else holds the key */
  keep(holder: IdempotencyHolder, kept: StoredAnswer): Promise<boolean>;
  /** Frees the key for a retry of the same request. */
  release(holder: IdempotencyHolder, now: Date): Promise<void>;
}
