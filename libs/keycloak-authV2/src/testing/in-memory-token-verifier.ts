import { AuthError } from "@libs/problems";
import type { AccessTokenClaims, TokenVerifier } from "../ports/ports.ts";
import type { InMemoryKeycloak } from "./in-memory-keycloak.ts";
import { readMinted } from "./token-mint.ts";

/** FAKE of offline verification: takes the in-memory realm's own access tokens until they expire. */
export class InMemoryTokenVerifier implements TokenVerifier {
  readonly #keycloak: InMemoryKeycloak;

  constructor(keycloak: InMemoryKeycloak) {
    this.#keycloak = keycloak;
  }

  async verifyAccessToken(token: string): Promise<AccessTokenClaims> {
    const { issuer, now } = this.#keycloak.options;
    const claims = readMinted(token, "Bearer");
    if (claims?.iss !== issuer || Number(claims.exp) * 1000 < now()) throw new AuthError("token.invalid");
    return {
      sub: String(claims.sub),
      sid: String(claims.sid),
      username: String(claims.preferred_username),
      email: textOrNull(claims.email),
      firstName: textOrNull(claims.given_name),
      lastName: textOrNull(claims.family_name),
      emailVerified: claims.email_verified === true,
      realmRoles: [],
      clientRoles: {},
      issuedAt: new Date(Number(claims.iat) * 1000),
      expiresAt: new Date(Number(claims.exp) * 1000),
    };
  }
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
