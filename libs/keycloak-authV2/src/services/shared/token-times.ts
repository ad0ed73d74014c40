/** The claims of a Keycloak token that sessions are built on; read, not verified: Keycloak itself just handed it to us. */
export interface SessionClaims {
  sub?: string;
  sid?: string;
  /** Seconds since the epoch. */
  exp?: number;
  iat?: number;
  scope?: string;
  /** `Bearer`, `Refresh`, `Offline`. */
  typ?: string;
}

/**
 * Reads a JWT's payload without verifying it (RFC 7519 §7.2).
 * @returns the claims, or null when the token is no JWT (an opaque token is allowed to be anything)
 */
export function readClaims(token: string | null | undefined): SessionClaims | null {
  const payload = token?.split(".")[1];
  if (!payload) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? (claims as SessionClaims) : null;
  } catch {
    return null;
  }
}

/** When a token ends by its own `exp`; null when it has none, which for an offline token means never. */
export function expiryOf(claims: SessionClaims | null): Date | null {
  return typeof claims?.exp === "number" && claims.exp > 0 ? new Date(claims.exp * 1000) : null;
}
