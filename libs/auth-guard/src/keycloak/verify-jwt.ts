import type { JWTVerifyGetKey, JWTVerifyResult } from "jose";
import { jwtVerify } from "jose/jwt/verify";
import { CLOCK_TOLERANCE_SECONDS } from "./access-token-claims.ts";
import { type IssuerSource, withCurrentIssuer } from "./realm-issuer.ts";

/**
 * What every token of the realm is held to; what else its claims say is each verifier's own matter.
 * @see {@link verifyJwt}
 */
export interface JwtRules {
  issuer: IssuerSource;
  /** One of the token's `aud`. */
  audience: string;
  algorithms: readonly string[];
  requiredClaims: readonly string[];
  /** Since its `iat`. Seconds; left out: it is not checked. */
  maxAgeSeconds?: number;
  now: () => Date;
}

/**
 * Checks a token's signature, algorithm, issuer, audience and times, within 10 s of tolerance: the one call of jose's
 * verification, for access tokens and logout tokens alike.
 * @param token as it was sent
 * @param keys the realm's, such as `createRemoteJWKSet` of jose returns
 * @param rules what the token is held to
 * @throws what jose throws, and what `keys` throws
 * @example
 * ```ts
 * import { fixedIssuer, type JwtRules, verifyJwt } from "@libs/auth-guard/keycloak";
 * import { createRemoteJWKSet } from "jose";
 *
 * const realm = "http://keycloak:8080/realms/app";
 * const rules: JwtRules = {
 *   issuer: fixedIssuer(realm),
 *   audience: "gateway",
 *   algorithms: ["RS256"],
 *   requiredClaims: ["sub", "exp"],
 *   now: () => new Date(),
 * };
 * const keys = createRemoteJWKSet(new URL(`${realm}/protocol/openid-connect/certs`));
 * export const { payload } = await verifyJwt("eyJ…", keys, rules);
 * ```
 */
export function verifyJwt(token: string, keys: JWTVerifyGetKey, rules: JwtRules): Promise<JWTVerifyResult> {
  const { audience, algorithms, requiredClaims, maxAgeSeconds, now } = rules;
  return withCurrentIssuer(rules.issuer, (issuer) =>
    jwtVerify(token, keys, {
      algorithms: [...algorithms],
      issuer,
      audience,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: now(),
      requiredClaims: [...requiredClaims],
      ...(maxAgeSeconds !== undefined && { maxTokenAge: maxAgeSeconds }),
    }),
  );
}
