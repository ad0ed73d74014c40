import { clientRole, realmRole } from "../guard/role-name.ts";
import type { GuardTokenVerifier, IsKnownSession, VerifiedToken } from "../guard/verified-token.ts";
import { type AccessTokenPayload, personOf, rolesOf } from "./access-token-claims.ts";
import { type AccessTokenRules, AccessTokenVerifier, type TokenKeys } from "./access-token-verifier.ts";
import { readUnverifiedClaims } from "./read-token-header.ts";
import { fixedIssuer, type IssuerSource } from "./realm-issuer.ts";

/**
 * Which tokens {@link JoseGuardTokenVerifier} accepts.
 * @example
 * ```ts
 * import {
 *   type GuardTokenRules,
 *   JoseGuardTokenVerifier,
 *   PublishedGuardKeys,
 *   type PublishedGuardKeysOptions,
 *   PublishedKeys,
 *   type TokenKeys,
 * } from "@libs/auth-guard/keycloak";
 *
 * const issuer = "https://id.example.com/realms/app";
 * const published = new PublishedKeys({ certs: `${issuer}/protocol/openid-connect/certs` });
 * const options: PublishedGuardKeysOptions = { coolDownMs: 5000 };
 * const keys: TokenKeys = new PublishedGuardKeys(published, options);
 * const rules: GuardTokenRules = { issuer, audience: "gateway", authorizedParties: ["gateway"], algorithms: ["RS256"] };
 * export const { sub } = await new JoseGuardTokenVerifier(keys, rules).verify("eyJ…");
 * ```
 */
export interface GuardTokenRules extends Omit<AccessTokenRules, "issuer" | "serviceAccounts"> {
  issuer: string | IssuerSource;
}

/**
 * ADAPTER: {@link AccessTokenVerifier} for guards, which let service accounts in and know people by their roles.
 * @see {@link GuardTokenRules}
 */
export class JoseGuardTokenVerifier implements GuardTokenVerifier {
  readonly #verifier: AccessTokenVerifier;

  constructor(
    private readonly keys: TokenKeys,
    { issuer, ...rules }: GuardTokenRules,
    now?: () => Date,
  ) {
    const source = typeof issuer === "string" ? fixedIssuer(issuer) : issuer;
    this.#verifier = new AccessTokenVerifier(keys, { ...rules, issuer: source, serviceAccounts: true }, now);
  }

  onKeysRemoved(listener: () => void): void {
    this.keys.onRemoved?.(listener);
  }

  /**
   * Verifies an access token.
   * @param token as the request has it, without `Bearer`
   * @param isKnownSession whether a token of this session is worth waiting for its key
   * @throws AuthError `token.invalid` | `keycloak.unavailable` where its key could not be fetched
   */
  async verify(token: string, isKnownSession: IsKnownSession = () => false): Promise<VerifiedToken> {
    return toVerifiedToken(await this.#verifier.verify(token, () => claimsKnownSession(token, isKnownSession)));
  }
}

/** Of claims that nobody has verified: good for nothing but the decision to wait. */
function claimsKnownSession(token: string, isKnownSession: IsKnownSession): boolean | Promise<boolean> {
  const { sid, sub } = readUnverifiedClaims(token);
  return typeof sid === "string" && typeof sub === "string" && isKnownSession(sid, sub);
}

function toVerifiedToken(claims: AccessTokenPayload): VerifiedToken {
  const { realm, clients } = rolesOf(claims);
  const clientRoles = clients
    // No client of Keycloak's is without an id: such a role would have a realm role's name.
    .filter(([client]) => client !== "")
    .flatMap(([client, roles]) => roles.map((role) => clientRole(client, role)));
  return {
    ...personOf(claims),
    sid: claims.sid ?? null,
    clientId: claims.azp,
    roles: new Set([...realm.map(realmRole), ...clientRoles]),
  };
}
