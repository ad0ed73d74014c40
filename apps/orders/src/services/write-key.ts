import type { WriteKey } from "@libs/database";

const DAY_MS = 24 * 3_600_000;

/**
 * An `Idempotency-Key` as the repositories take it: everybody's keys are their own.
 * @param asked what the request asks for; another request under the same key is refused
 */
export function writeKey(
  scope: string,
  userId: string,
  key: string | undefined,
  asked: string,
  now: Date,
): WriteKey | undefined {
  if (key === undefined) return undefined;
  return { scope: `${scope}:${userId}`, key, fingerprint: asked, expiresAt: new Date(now.getTime() + DAY_MS) };
}
