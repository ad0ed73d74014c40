import { AuthError } from "@libs/problems";
import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { JOSEError, JWTClaimValidationFailed } from "jose/errors";
import { type AccessTokenPayload, readAccessTokenClaims } from "./access-token-claims.ts";
import { readTokenHeader } from "./read-token-header.ts";
import type { IssuerSource } from "./realm-issuer.ts";
import type { SignatureAlgorithm } from "./signature-algorithms.ts";
import { verifyJwt } from "./verify-jwt.ts";

/**
 * What is asked of an access token in addition to its form, its signature and its times.
 * @see {@link AccessTokenVerifier}
 */
export interface AccessTokenRules {
  issuer: IssuerSource;
  /** One of the token's `aud`. */
  audience: string;
  /** Clients whose tokens are accepted (`azp`). */
  authorizedParties: readonly string[];
  /** Signature algorithms that are accepted, each only with a key that is published for it. */
  algorithms: readonly SignatureAlgorithm[];
  /** Whether tokens of service accounts, which have no session (`sid`), are accepted as well. */
  serviceAccounts: boolean;
}

/**
 * PORT of the verifier: the keys that signatures are checked against.
 * @see {@link AccessTokenVerifier}
 */
export interface TokenKeys {
  /**
   * @param mayWait whether a token whose key is not known yet is worth waiting for
   * @returns undefined when there is no key of this id
   * @throws AuthError `keycloak.unavailable` when it can't be checked
   */
  find(kid: string, mayWait: () => boolean | Promise<boolean>): Promise<JWTVerifyGetKey | undefined>;
  /** @param listener called when a key that was good is not any more */
  onRemoved?(listener: () => void): void;
}

/**
 * Offline verification of access tokens with jose, for gateways and guards alike. The header is read first, so that a token
 * whose algorithm, type or key is not ours costs next to nothing; then signature, issuer, audience, authorized party, `typ`,
 * session, and times within 10 s.
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4 and https://www.rfc-editor.org/rfc/rfc8725
 * @example
 * ```ts
 * import {
 *   type AccessTokenRules,
 *   AccessTokenVerifier,
 *   fixedIssuer,
 *   PublishedGuardKeys,
 *   PublishedKeys,
 *   type TokenKeys,
 * } from "@libs/auth-guard/keycloak";
 *
 * const issuer = "https://id.example.com/realms/app";
 * const keys: TokenKeys = new PublishedGuardKeys(new PublishedKeys({ certs: `${issuer}/protocol/openid-connect/certs` }));
 * const rules: AccessTokenRules = {
 *   issuer: fixedIssuer(issuer),
 *   audience: "gateway",
 *   authorizedParties: ["gateway"],
 *   algorithms: ["RS256", "ES256"],
 *   serviceAccounts: false,
 * };
 * export const { sub, sid } = await new AccessTokenVerifier(keys, rules).verify("eyJ…");
 * ```
 */
export class AccessTokenVerifier {
  constructor(
    private readonly keys: TokenKeys,
    private readonly rules: AccessTokenRules,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** @throws AuthError `token.invalid` | `keycloak.unavailable` (its key could not be fetched) */
  async verify(token: string, mayWait: () => boolean | Promise<boolean> = () => false): Promise<AccessTokenPayload> {
    const { algorithms, issuer, audience, serviceAccounts } = this.rules;
    const { kid } = readTokenHeader(token, algorithms);
    const key = await this.keys.find(kid, mayWait);
    if (!key) throw invalid("kid");
    const rules = {
      issuer,
      audience,
      algorithms,
      now: this.now,
      requiredClaims: ["sub", "exp", "iat", "azp", ...(serviceAccounts ? [] : ["sid"])],
    };
    const { payload } = await verifyJwt(token, key, rules).catch((error) => {
      throw invalid(reasonOf(error));
    });
    return this.readClaims(payload);
  }

  /** What {@link verify} checks after jose: the claims' form, `azp` and `sid`. @throws AuthError `token.invalid` */
  readClaims(payload: JWTPayload): AccessTokenPayload {
    const { authorizedParties, serviceAccounts } = this.rules;
    const claims = readAccessTokenClaims(payload);
    const { azp, sid, client_id } = claims;
    if (!authorizedParties.includes(azp)) throw invalid("claims: azp");
    // Without a session it can only be a service account's own token (client credentials).
    if (sid === undefined && !(serviceAccounts && client_id === azp)) throw invalid("claims: sid");
    return claims;
  }
}

/** For logs: jose's own codes say what is wrong with a token. */
function reasonOf(error: unknown): string {
  if (error instanceof JWTClaimValidationFailed) return `claims: ${error.claim} (${error.reason})`;
  return error instanceof JOSEError ? error.code : "signature";
}

const invalid = (internal: string) => new AuthError("token.invalid", { internal });
