import { DEFAULT_MAX_TOKEN_BYTES } from "@libs/auth-guard";
import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import {
  acceptedAlgorithms,
  type IssuerSource,
  type JwtRules,
  personOf,
  RealmIssuer,
  readAccessTokenClaims,
  rolesOf,
  verifyJwt,
} from "@libs/auth-guard/keycloak";
import { AuthError, isAuthError } from "@libs/problems";
import { errors, type JWTPayload } from "jose";
import type { AccessTokenClaims, TokenVerifier, VerifyOptions } from "../ports/ports.ts";
import { IssuedAlike } from "./issued-alike.ts";
import { RealmKeys } from "./realm-keys.ts";

export interface TokenVerifierParts {
  keys?: RealmKeys;
  issuer?: IssuerSource;
  now?: () => Date;
}

/**
 * ADAPTER: offline verification with jose. Signature by the realm's published keys (cached; an unknown `kid` refetches,
 * at most every 200 ms), by the algorithm that its key is published for, issuer, audience, authorized party, `typ`, times within 10 s.
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
 */
export class JoseTokenVerifier implements TokenVerifier {
  readonly #keys: RealmKeys;
  readonly #issuer: IssuerSource;
  readonly #rules: JwtRules;
  readonly #maxTokenBytes: number;
  readonly #authorizedParties: readonly string[];
  readonly #now: () => Date;
  readonly #issuedAlike = new IssuedAlike();

  constructor(
    options: KeycloakOptions,
    {
      keys = new RealmKeys(options),
      issuer = new RealmIssuer(options),
      now = () => new Date(),
    }: TokenVerifierParts = {},
  ) {
    const { clientId } = options;
    this.#keys = keys;
    this.#issuer = issuer;
    this.#rules = {
      ...{ issuer, now },
      audience: clientId,
      algorithms: acceptedAlgorithms(options),
      requiredClaims: ["sub", "sid", "exp", "iat"],
    };
    this.#maxTokenBytes = options.maxTokenBytes ?? DEFAULT_MAX_TOKEN_BYTES;
    this.#authorizedParties = options.authorizedParties ?? [clientId];
    this.#now = now;
  }

  async verifyAccessToken(token: string, { justIssued = false }: VerifyOptions = {}): Promise<AccessTokenClaims> {
    if (token.length > this.#maxTokenBytes) throw invalid(tooLarge(token.length, this.#maxTokenBytes));
    const payload = justIssued ? await this.#readIssued(token) : await this.#verify(token);
    const claims = readAccessTokenClaims(payload);
    const { sid } = claims;
    if (sid === undefined) throw invalid("claims: sid");
    if (!this.#authorizedParties.includes(claims.azp)) throw invalid("claims: azp");
    const { realm, clients } = rolesOf(claims);
    return { ...personOf(claims), sid, realmRoles: realm, clientRoles: Object.fromEntries(clients) };
  }

  async #readIssued(token: string): Promise<JWTPayload> {
    const { audience } = this.#rules;
    const alike = this.#issuedAlike.read(token, { issuer: this.#issuer.current, audience, now: this.#now() });
    if (alike) return alike;
    const payload = await this.#verify(token);
    this.#issuedAlike.remember(token);
    return payload;
  }

  async #verify(token: string): Promise<JWTPayload> {
    try {
      return (await verifyJwt(token, this.#keys.published, this.#rules)).payload;
    } catch (error) {
      throw toAuthError(error);
    }
  }
}

const tooLarge = (bytes: number, most: number) =>
  `too large, ${bytes} of at most ${most} bytes: full scope, too many roles or claims (KEYCLOAK_TOKEN_MAX_BYTES)`;

const invalid = (internal: string) => new AuthError("token.invalid", { internal });

/** jose's own codes say what is wrong with a token; what has none of them happened while fetching the keys. */
function toAuthError(error: unknown): AuthError {
  if (isAuthError(error)) return error;
  if (!(error instanceof errors.JOSEError)) return unavailable(error instanceof Error ? error.name : typeof error);
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid("alg");
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(`claims: ${error.claim} (${error.reason})`);
  return invalid(error.code);
}

const unavailable = (reason: string) => new AuthError("keycloak.unavailable", { internal: `certs: ${reason}` });
