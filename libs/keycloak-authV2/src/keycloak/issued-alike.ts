import { CLOCK_TOLERANCE_SECONDS } from "@libs/auth-guard/keycloak";
import { decodeJwt, type JWTPayload } from "jose";

/** For so long after a signature was checked, tokens with the same header are taken for signed alike. Milliseconds. */
const FAMILIAR_MS = 60_000;

interface Rules {
  issuer: string;
  audience: string;
  now: Date;
}

/**
 * Reads tokens that Keycloak itself has just handed out without checking each signature: that costs a fifth of what a
 * refresh costs a gateway. The first token of a header (`kid` and `alg`) in a minute is verified in full; of those after it
 * the claims are checked alone.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation point 6: a token that comes from the token
 *   endpoint itself
 */
export class IssuedAlike {
  #header = "";
  #verifiedAt = Number.NEGATIVE_INFINITY;

  /** @param clock milliseconds of a clock that never goes back */
  constructor(private readonly clock: () => number = () => performance.now()) {}

  /** A token with this header was verified in full. */
  remember(token: string): void {
    this.#header = headerOf(token);
    this.#verifiedAt = this.clock();
  }

  /** @returns null where the token has to be verified in full: nothing is known of its header, or a claim is not as it must be */
  read(token: string, { issuer, audience, now }: Rules): JWTPayload | null {
    const isFamiliar = this.clock() - this.#verifiedAt < FAMILIAR_MS && headerOf(token) === this.#header;
    const payload = isFamiliar ? decoded(token) : null;
    if (!payload) return null;
    const { iss, aud, exp, nbf, iat, sub, sid } = payload;
    const seconds = Math.floor(now.getTime() / 1000);
    const isCurrent =
      typeof exp === "number" &&
      exp > seconds - CLOCK_TOLERANCE_SECONDS &&
      (nbf === undefined || (typeof nbf === "number" && nbf <= seconds + CLOCK_TOLERANCE_SECONDS));
    const isOurs = iss === issuer && (Array.isArray(aud) ? aud.includes(audience) : aud === audience);
    return isCurrent && isOurs && typeof iat === "number" && sub && sid ? payload : null;
  }
}

const headerOf = (token: string): string => token.slice(0, token.indexOf(".") + 1);

function decoded(token: string): JWTPayload | null {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
}
