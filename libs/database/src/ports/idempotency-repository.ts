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

export interface StoredAnswer {
  /** HTTP status. */
  status: number;
  answer: unknown;
}

/** What a request under a key gets. `earlier`: an attempt under this key whose answer was not kept. */
export type IdempotencyOutcome =
  | { state: "claimed"; earlier: string | null }
  | ({ state: "answered" } & StoredAnswer)
  | { state: "in_flight" }
  | { state: "reused" };

/** Names a holder of a key: one claim, by the end of its lock. */
export type IdempotencyHolder = Pick<IdempotencyClaim, "scope" | "key" | "lockedUntil">;

/** PORT: answers by `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header). */
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
