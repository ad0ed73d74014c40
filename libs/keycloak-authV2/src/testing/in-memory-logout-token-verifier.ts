import { AuthError } from "@libs/problems";
import type { LogoutToken, LogoutTokenVerifier } from "../ports/ports.ts";
import type { InMemoryKeycloak } from "./in-memory-keycloak.ts";
import { readMinted } from "./token-mint.ts";

/** FAKE of the verification of logout tokens: takes those of the in-memory realm's mint until they expire. */
export class InMemoryLogoutTokenVerifier implements LogoutTokenVerifier {
  readonly #keycloak: InMemoryKeycloak;

  constructor(keycloak: InMemoryKeycloak) {
    this.#keycloak = keycloak;
  }

  async verifyLogoutToken(token: string): Promise<LogoutToken> {
    const { issuer, now } = this.#keycloak.options;
    const claims = readMinted(token, "Logout");
    if (claims?.iss !== issuer || Number(claims.exp) * 1000 < now()) throw new AuthError("logout_token.invalid");
    return {
      jti: String(claims.jti),
      sub: claims.sub === undefined ? null : String(claims.sub),
      sid: claims.sid === undefined ? null : String(claims.sid),
      issuedAt: new Date(Number(claims.iat) * 1000),
      expiresAt: new Date(Number(claims.exp) * 1000),
    };
  }
}
