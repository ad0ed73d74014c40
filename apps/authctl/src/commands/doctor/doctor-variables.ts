import { z } from "zod";
import { directVariables, gatewayVariables } from "../../command/common-variables.ts";
import { realmVariables } from "../realm/realm-variables.ts";

const { KEYCLOAK_ADMIN_USERNAME, KEYCLOAK_ADMIN_PASSWORD, KEYCLOAK_SSL_REQUIRED, KEYCLOAK_BACKCHANNEL_LOGOUT_URL } =
  realmVariables.shape;

const asTheGateway = z.string().optional().describe("as the gateway has it; optional");

/** The gateway's own, and what only an administrator may see. */
export const doctorVariables = gatewayVariables.extend({
  DATABASE_DIRECT_URL: directVariables.shape.DATABASE_DIRECT_URL,
  TOKEN_ENCRYPTION_KEYS: z.string().describe("the key ring, as the gateway has it"),
  KEYCLOAK_ISSUER: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("as the gateway has it; optional"),
  KEYCLOAK_SIGNING_ALGORITHMS: asTheGateway,
  KEYCLOAK_AUTHORIZED_PARTIES: asTheGateway,
  KEYCLOAK_TOKEN_MAX_BYTES: asTheGateway,
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).optional().describe("as the gateway has it; 10 when not set"),
  KEYCLOAK_ADMIN_USERNAME: KEYCLOAK_ADMIN_USERNAME.optional().describe(
    "an administrator of the master realm, for more checks; optional",
  ),
  KEYCLOAK_ADMIN_PASSWORD: KEYCLOAK_ADMIN_PASSWORD.optional().describe("the administrator's password"),
  KEYCLOAK_SSL_REQUIRED: KEYCLOAK_SSL_REQUIRED.describe("what the realm should have; optional"),
  KEYCLOAK_BACKCHANNEL_LOGOUT_URL: KEYCLOAK_BACKCHANNEL_LOGOUT_URL.describe("what the client should have; optional"),
});
