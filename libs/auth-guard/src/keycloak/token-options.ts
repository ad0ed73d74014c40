import { SetupError } from "@libs/problems";
import { isSignatureAlgorithm, SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from "./signature-algorithms.ts";

/**
 * Which access tokens are accepted.
 * @see {@link readTokenOptions}
 */
export interface TokenOptions {
  /** Empty: every one that the realm publishes a key for. */
  signatureAlgorithms: SignatureAlgorithm[];
  /** `azp` of tokens that are accepted. */
  authorizedParties: string[];
  /** Undefined: the default. */
  maxTokenBytes?: number;
}

/**
 * The variables as text, where no service's configuration has read them.
 * @see {@link readTokenOptions}
 */
export type TokenVariables = Readonly<Record<string, unknown>>;

/**
 * Reads the environment's variables of tokens.
 * @param variables `KEYCLOAK_SIGNING_ALGORITHMS`, `KEYCLOAK_AUTHORIZED_PARTIES` and `KEYCLOAK_TOKEN_MAX_BYTES`
 * @param clientId accepted in any case
 * @throws SetupError that names the variable, never its value
 * @example
 * ```ts
 * import { readTokenOptions, type TokenOptions, type TokenVariables } from "@libs/auth-guard/keycloak";
 *
 * const variables: TokenVariables = process.env;
 * export const options: TokenOptions = readTokenOptions(variables, "gateway");
 * ```
 */
export function readTokenOptions(variables: TokenVariables, clientId: string): TokenOptions {
  const bytes = textOf(variables, "KEYCLOAK_TOKEN_MAX_BYTES");
  if (bytes && !/^\d{1,9}$/.test(bytes))
    throw new SetupError("setup.invalid", "KEYCLOAK_TOKEN_MAX_BYTES is not a number of bytes");
  return {
    signatureAlgorithms: listed(textOf(variables, "KEYCLOAK_SIGNING_ALGORITHMS")).map(assertAlgorithm),
    authorizedParties: [clientId, ...listed(textOf(variables, "KEYCLOAK_AUTHORIZED_PARTIES"))],
    ...(bytes && { maxTokenBytes: Number(bytes) }),
  };
}

function assertAlgorithm(name: string): SignatureAlgorithm {
  if (isSignatureAlgorithm(name)) return name;
  throw new SetupError(
    "setup.invalid",
    `KEYCLOAK_SIGNING_ALGORITHMS: each is one of ${SIGNATURE_ALGORITHMS.join(", ")}`,
  );
}

function textOf(variables: TokenVariables, name: string): string {
  const value = variables[name];
  return typeof value === "string" ? value : "";
}

/** Comma-separated. */
const listed = (value: string): string[] =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
