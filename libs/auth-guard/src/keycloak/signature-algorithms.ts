/**
 * Every signature algorithm that tokens may have: asymmetric, so that only Keycloak can sign. Never `none`, never an HMAC.
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.1 and https://www.rfc-editor.org/rfc/rfc8037#section-3.1
 * @see {@link isSignatureAlgorithm}
 */
export const SIGNATURE_ALGORITHMS = [
  ...(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const),
  ...(["ES256", "ES384", "ES512", "EdDSA"] as const),
] as const;

/**
 * One of {@link SIGNATURE_ALGORITHMS}.
 * @see {@link isSignatureAlgorithm}
 */
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/**
 * Which signature algorithms are accepted.
 * @example
 * ```ts
 * import { acceptedAlgorithms, type SignatureOptions } from "@libs/auth-guard/keycloak";
 *
 * const options: SignatureOptions = { signatureAlgorithms: ["RS256", "ES256"] };
 * export const algorithms = acceptedAlgorithms(options);
 * ```
 */
export interface SignatureOptions {
  /**
   * Signature algorithms that are accepted. Left out: all of {@link SIGNATURE_ALGORITHMS} of which the realm publishes a
   * key. In either case a token's `alg` must be that of the key that its `kid` names.
   */
  signatureAlgorithms?: readonly SignatureAlgorithm[] | undefined;
  /** The only one that is accepted; an older form of `signatureAlgorithms`. */
  signatureAlgorithm?: SignatureAlgorithm | undefined;
}

/**
 * The signature algorithms that are accepted by these options.
 * @param options left out: all
 * @returns the algorithms that tokens may be signed with
 * @see {@link SignatureOptions}
 */
export function acceptedAlgorithms({ signatureAlgorithms, signatureAlgorithm }: SignatureOptions) {
  if (signatureAlgorithms !== undefined && signatureAlgorithms.length > 0) return signatureAlgorithms;
  return signatureAlgorithm === undefined ? SIGNATURE_ALGORITHMS : [signatureAlgorithm];
}

/**
 * Whether a name is one of {@link SIGNATURE_ALGORITHMS}.
 * @param name as a token's `alg` or a setting gives it
 * @example
 * ```ts
 * import { isSignatureAlgorithm, keycloakAuth, SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from "@libs/auth-guard";
 *
 * const setting = process.env.ALGORITHM ?? "ES256";
 * if (!isSignatureAlgorithm(setting)) throw new Error(`ALGORITHM must be one of ${SIGNATURE_ALGORITHMS.join(", ")}`);
 * const only: SignatureAlgorithm = setting;
 * export const plugin = keycloakAuth({ signatureAlgorithms: [only] });
 * ```
 */
export const isSignatureAlgorithm = (name: unknown): name is SignatureAlgorithm =>
  (SIGNATURE_ALGORITHMS as readonly unknown[]).includes(name);
