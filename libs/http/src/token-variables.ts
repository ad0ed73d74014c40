import { DEFAULT_MAX_TOKEN_BYTES, isSignatureAlgorithm, SIGNATURE_ALGORITHMS } from "@libs/auth-guard";
import { z } from "zod";
import { listOf } from "./config-rules.ts";

/**
 * Variables of every service that verifies access tokens: the same for the gateway and the services that it issues for.
 * @see {@link readConfig}
 */
export const tokenVariables = {
  KEYCLOAK_SIGNING_ALGORITHMS: listOf(isSignatureAlgorithm, `one of ${SIGNATURE_ALGORITHMS.join(", ")}`).describe(
    "Signature algorithms of tokens that are accepted. Default: every one of these that the realm publishes a key for.",
  ),
  KEYCLOAK_AUTHORIZED_PARTIES: listOf((entry) => entry !== "", "a client's id").describe(
    "Clients whose access tokens are accepted (`azp`), in addition to KEYCLOAK_CLIENT_ID itself.",
  ),
  KEYCLOAK_TOKEN_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .max(65_536)
    .default(DEFAULT_MAX_TOKEN_BYTES)
    .describe(
      "Maximum size of an access token, in bytes: the same for the gateway, which refuses a login beyond it, and for every service. Bun accepts 16 kB of headers in total.",
    ),
};

type TokenConfig = z.output<z.ZodObject<typeof tokenVariables>>;

/**
 * The variables of {@link tokenVariables} as options.
 * @param config what `readConfig` returned
 * @returns what these variables mean, as options of `openGuard` and `KeycloakIntegrationService.create`
 * @see {@link readConfig}
 */
export function tokenOptions(config: TokenConfig & { KEYCLOAK_CLIENT_ID: string }) {
  return {
    signatureAlgorithms: config.KEYCLOAK_SIGNING_ALGORITHMS.filter(isSignatureAlgorithm),
    authorizedParties: [config.KEYCLOAK_CLIENT_ID, ...config.KEYCLOAK_AUTHORIZED_PARTIES],
    maxTokenBytes: config.KEYCLOAK_TOKEN_MAX_BYTES,
  };
}
