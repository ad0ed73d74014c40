import { type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from "jose";
import { CLOCK_TOLERANCE_SECONDS } from "./access-token-claims.ts";
import { type IssuerSource, withCurrentIssuer } from "./realm-issuer.ts";

/** What every token of the realm is held to; what its claims say beside is each verifier's own matter. */
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
 * @throws what jose throws, and what `keys` throws
 */
export function verifyJwt(token: string, keys: JWTVerifyGetKey, rules: JwtRules): Promise<JWTVerifyResult> {
  const { audience, algorithms, requiredClaims, maxAgeSeconds, now } = rules;
  return withCurrentIssuer(rules.issuer, (issuer) =>
    jwtVerify(token, keys, {
      algorithms: [...algorithms],
      ...{ issuer, audience },
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: now(),
      requiredClaims: [...requiredClaims],
      ...(maxAgeSeconds !== undefined && { maxTokenAge: maxAgeSeconds }),
    }),
  );
}
