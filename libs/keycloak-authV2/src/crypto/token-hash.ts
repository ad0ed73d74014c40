import { createHash } from "node:crypto";

/**
 * SHA-256 of a token, as base64url: recognises a refresh token that is not kept. No salt and no stretching: a token has
 * entropy enough, and equal tokens must have equal hashes.
 */
export function hashToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("base64url");
}
