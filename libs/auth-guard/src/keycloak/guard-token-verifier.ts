import { AuthError } from "@libs/problems";
import { errors, type JWTHeaderParameters, type JWTVerifyGetKey } from "jose";
import { clientRole, realmRole } from "../guard/role-name.ts";
import type { GuardTokenVerifier, IsKnownSession, VerifiedToken } from "../guard/verified-token.ts";
import { type AccessTokenPayload, personOf, readAccessTokenClaims, rolesOf } from "./access-token-claims.ts";
import { fixedIssuer, type IssuerSource } from "./realm-issuer.ts";
import type { SignatureAlgorithm } from "./signature-algorithms.ts";
import { verifyJwt } from "./verify-jwt.ts";

/**
 * Which tokens {@link JoseGuardTokenVerifier} accepts.
 * @example
 * ```ts
 * import {
 *   type GuardKeys,
 *   type GuardTokenRules,
 *   JoseGuardTokenVerifier,
 *   PublishedGuardKeys,
 *   type PublishedGuardKeysOptions,
 * } from "@libs/auth-guard/keycloak";
 *
 * const issuer = "https://id.example.com/realms/app";
 * const options: PublishedGuardKeysOptions = { certs: `${issuer}/protocol/openid-connect/certs`, coolDownMs: 5000 };
 * const keys: GuardKeys = new PublishedGuardKeys(options);
 * const rules: GuardTokenRules = { issuer, audience: "gateway", authorizedParties: ["gateway"], algorithms: ["RS256"] };
 * export const { sub } = await new JoseGuardTokenVerifier(keys, rules).verify("eyJ…");
 * ```
 */
export interface GuardTokenRules {
  issuer: string | IssuerSource;
  /** One of the token's `aud`. */
  audience: string;
  /** Clients whose tokens are accepted (`azp`). */
  authorizedParties: readonly string[];
  /** Signature algorithms that are accepted, each only with a key that is published for it. */
  algorithms: readonly SignatureAlgorithm[];
}

/**
 * PORT of the verifier: the keys that signatures are checked against.
 * @see {@link GuardTokenRules}
 */
export interface GuardKeys {
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
 * ADAPTER: offline verification with jose. The header is read first, so that a token whose algorithm, type or key is not
 * ours costs next to nothing; then signature, issuer, audience, authorized party, `typ`, and times within 10 s.
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4 and https://www.rfc-editor.org/rfc/rfc8725
 * @see {@link GuardTokenRules}
 */
export class JoseGuardTokenVerifier implements GuardTokenVerifier {
  constructor(
    private readonly keys: GuardKeys,
    private readonly rules: GuardTokenRules,
    private readonly now: () => Date = () => new Date(),
  ) {}

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
    const { algorithms, issuer: given, audience, authorizedParties } = this.rules;
    const header = readHeader(token, algorithms);
    const key = await this.keys.find(header.kid, () => claimsKnownSession(token, isKnownSession));
    if (!key) throw invalid("kid");
    const { payload } = await verifyJwt(token, key, {
      issuer: typeof given === "string" ? fixedIssuer(given) : given,
      ...{ audience, algorithms },
      requiredClaims: ["sub", "exp", "iat", "azp"],
      now: this.now,
    }).catch((error) => {
      throw invalid(error instanceof errors.JOSEError ? error.code : "signature");
    });
    const claims = readAccessTokenClaims(payload);
    const { azp, sid, client_id } = claims;
    if (!authorizedParties.includes(azp)) throw invalid("claims: azp");
    // Without a session it can only be a service account's own token (client credentials).
    if (sid === undefined && client_id !== azp) throw invalid("claims: sid");
    return toVerifiedToken(claims);
  }
}

/** Checks what can be seen from the outside. */
function readHeader(token: string, algorithms: readonly unknown[]): JWTHeaderParameters & { kid: string } {
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every((part) => /^[\w-]+$/.test(part))) throw invalid("form");
  const [headerText, payloadText] = parts.slice(0, 2).map((part) => Buffer.from(part, "base64url").toString("utf8"));
  const header = parse(headerText as string);
  if (!algorithms.includes(header.alg)) throw invalid("alg");
  if (typeof header.kid !== "string" || header.kid.length > 200) throw invalid("kid");
  const { typ = "JWT" } = header;
  if (typeof typ !== "string" || !/^(application\/)?(at\+)?jwt$/i.test(typ)) throw invalid("typ");
  if (header.crit !== undefined) throw invalid("crit");
  if (hasDuplicateKeys(headerText as string) || hasDuplicateKeys(payloadText as string)) throw invalid("duplicates");
  return header as JWTHeaderParameters & { kid: string };
}

/** Of claims that nobody has verified: good for nothing but the decision to wait. */
function claimsKnownSession(token: string, isKnownSession: IsKnownSession): boolean | Promise<boolean> {
  const { sid, sub } = parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  return typeof sid === "string" && typeof sub === "string" && isKnownSession(sid, sub);
}

function parse(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Reported below, without the text.
  }
  throw invalid("header");
}

/**
 * Whether an object of the text has a key twice, which readers take differently (RFC 7519 §4). Compares the text with
 * what is left of it after reading. Text that is no JSON is refused first: only of valid JSON is the scan for keys linear.
 */
function hasDuplicateKeys(text: string): boolean {
  let read = 0;
  try {
    JSON.parse(text, function count(key, value) {
      if (!Array.isArray(this) && key !== "") read += 1;
      return value;
    });
  } catch {
    return true;
  }
  return countKeys(text) !== read;
}

/** Strings of valid JSON that a colon follows. The empty key, which nobody uses, counts as twice. */
function countKeys(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
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

const invalid = (internal: string) => new AuthError("token.invalid", { internal });
