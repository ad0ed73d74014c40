import { DEFAULT_MAX_TOKEN_BYTES } from "@libs/auth-guard";
import {
  type AccessTokenPayload,
  AccessTokenVerifier,
  acceptedAlgorithms,
  type IssuerSource,
  type KeycloakOptions,
  keycloakEndpoints,
  PublishedKeys,
  personOf,
  RealmIssuer,
  rolesOf,
} from "@libs/auth-guard/keycloak";
import { AuthError } from "@libs/problems";
import type { AccessTokenClaims, TokenVerifier, VerifyOptions } from "../ports/ports.ts";
import { IssuedAlike } from "./issued-alike.ts";
import { RealmKeys } from "./realm-keys.ts";

export interface TokenVerifierParts {
  keys?: Pick<RealmKeys, "find">;
  issuer?: IssuerSource;
  now?: () => Date;
}

/**
 * ADAPTER: the guards' verification ({@link AccessTokenVerifier}) for a gateway's logins and refreshes. Every token has a
 * session; one whose `kid` is not known waits for its key; of those that Keycloak has just handed out not every signature
 * is checked.
 */
export class JoseTokenVerifier implements TokenVerifier {
  readonly #verifier: AccessTokenVerifier;
  readonly #issuer: IssuerSource;
  readonly #audience: string;
  readonly #maxTokenBytes: number;
  readonly #now: () => Date;
  readonly #issuedAlike = new IssuedAlike();

  constructor(
    options: KeycloakOptions,
    {
      keys = new RealmKeys(
        new PublishedKeys({ certs: keycloakEndpoints(options).certs, timeoutMs: options.timeoutMs }),
      ),
      issuer = new RealmIssuer(options),
      now = () => new Date(),
    }: TokenVerifierParts = {},
  ) {
    const { clientId: audience, authorizedParties = [audience] } = options;
    const algorithms = acceptedAlgorithms(options);
    const rules = { issuer, audience, authorizedParties, algorithms, serviceAccounts: false };
    this.#verifier = new AccessTokenVerifier(keys, rules, now);
    this.#issuer = issuer;
    this.#audience = audience;
    this.#maxTokenBytes = options.maxTokenBytes ?? DEFAULT_MAX_TOKEN_BYTES;
    this.#now = now;
  }

  async verifyAccessToken(token: string, { justIssued = false }: VerifyOptions = {}): Promise<AccessTokenClaims> {
    if (token.length > this.#maxTokenBytes) throw tooLarge(token.length, this.#maxTokenBytes);
    const { sid, ...claims } = justIssued ? await this.#readIssued(token) : await this.#verifier.verify(token);
    // The verifier has seen to it: this is for the compiler.
    if (sid === undefined) throw new AuthError("token.invalid", { internal: "claims: sid" });
    const { realm, clients } = rolesOf(claims);
    return { ...personOf(claims), sid, realmRoles: realm, clientRoles: Object.fromEntries(clients) };
  }

  async #readIssued(token: string): Promise<AccessTokenPayload> {
    const rules = { issuer: this.#issuer.current, audience: this.#audience, now: this.#now() };
    const alike = this.#issuedAlike.read(token, rules);
    if (alike) return this.#verifier.readClaims(alike);
    const claims = await this.#verifier.verify(token);
    this.#issuedAlike.remember(token);
    return claims;
  }
}

const tooLarge = (bytes: number, most: number) =>
  new AuthError("token.invalid", {
    internal: `too large, ${bytes} of at most ${most} bytes: full scope, too many roles or claims (KEYCLOAK_TOKEN_MAX_BYTES)`,
  });
