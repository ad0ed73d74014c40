import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import {
  acceptedAlgorithms,
  type IssuerSource,
  type JwtRules,
  RealmIssuer,
  verifyJwt,
} from "@libs/auth-guard/keycloak";
import { AuthError } from "@libs/problems";
import { errors, type JWTPayload, type JWTVerifyResult } from "jose";
import { z } from "zod";
import type { LogoutToken, LogoutTokenVerifier } from "../ports/ports.ts";
import type { RealmKeys } from "./realm-keys.ts";

const LONGEST_TOKEN = 8_000;
/** Keycloak's live for two minutes. Whoever refuses replays has to remember a `jti` for this time and the tolerance. */
const MAX_AGE_SECONDS = 5 * 60;
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";

/** As both databases hold it; longer than any id of Keycloak's. */
const identifier = z
  .string()
  .min(1)
  .max(255)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what it is for
  .refine((value) => value.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(value));

const schema = z
  .object({
    jti: identifier,
    sub: identifier.optional(),
    sid: identifier.optional(),
    iat: z.number(),
    exp: z.number(),
    events: z.object({ [LOGOUT_EVENT]: z.record(z.string(), z.unknown()) }),
    // Its absence keeps an ID token from passing for a logout token.
    nonce: z.undefined().optional(),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined, { path: ["sub"] });

export interface LogoutTokenVerifierParts {
  keys: Pick<RealmKeys, "known">;
  issuer?: IssuerSource;
  now?: () => Date;
}

/**
 * ADAPTER: verification of logout tokens with jose. Signature by keys that are known already, by the algorithm that its key is published for,
 * the type, issuer, audience, times within 10 s, age, the logout event, `sub` or `sid`, `jti`, no `nonce`.
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
 */
export class JoseLogoutTokenVerifier implements LogoutTokenVerifier {
  readonly #keys: Pick<RealmKeys, "known">;
  readonly #rules: JwtRules;

  constructor(
    options: KeycloakOptions,
    { keys, issuer = new RealmIssuer(options), now = () => new Date() }: LogoutTokenVerifierParts,
  ) {
    const { clientId } = options;
    this.#keys = keys;
    this.#rules = {
      issuer,
      now,
      audience: clientId,
      algorithms: acceptedAlgorithms(options),
      requiredClaims: ["iat", "exp", "jti", "events"],
      maxAgeSeconds: MAX_AGE_SECONDS,
    };
  }

  async verifyLogoutToken(token: string): Promise<LogoutToken> {
    if (token.length > LONGEST_TOKEN) throw invalid("too long");
    const parsed = schema.safeParse(await this.#verify(token));
    if (!parsed.success) throw invalid(`claims: ${parsed.error.issues.map(({ path }) => path[0] ?? "").join(", ")}`);
    const { jti, sub, sid, iat, exp } = parsed.data;
    return {
      jti,
      sub: sub ?? null,
      sid: sid ?? null,
      issuedAt: new Date(iat * 1000),
      expiresAt: new Date(exp * 1000),
    };
  }

  async #verify(token: string): Promise<JWTPayload> {
    const { known } = this.#keys;
    try {
      const verified = await verifyJwt(token, known, this.#rules);
      if (!isTypedAsLogout(verified)) throw invalid("typ of another token");
      return verified.payload;
    } catch (error) {
      if (error instanceof AuthError) throw error;
      // No keys are fetched here: whatever fails is the token's fault.
      throw invalid(error instanceof errors.JOSEError ? error.code : "not a token");
    }
  }
}

/**
 * `logout+jwt` in the header is recommended, not required (OIDC Back-Channel Logout 1.0 §2.4), and Keycloak 24.0 writes `JWT`.
 * Such a token has to say in Keycloak's own claim that it is a logout token: access and ID tokens say otherwise there.
 */
function isTypedAsLogout({ payload, protectedHeader: { typ } }: Pick<JWTVerifyResult, "payload" | "protectedHeader">) {
  const type = typ?.toLowerCase().replace(/^application\//, "");
  return type === "logout+jwt" || (type === "jwt" && payload["typ"] === "Logout");
}

const invalid = (internal: string) => new AuthError("logout_token.invalid", { internal });
