import { applyRealm } from "@libs/keycloak-authV2/realm";
import { z } from "zod";
import { type Environment, readVariables } from "../read-variables.ts";

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean),
);

const variables = z.object({
  KEYCLOAK_URL: z.url({ protocol: /^https?$/ }).describe("where Keycloak is dialled, an http(s) URL"),
  KEYCLOAK_REALM: z.string().describe("the realm to set up"),
  KEYCLOAK_CLIENT_ID: z.string().describe("the gateway's client"),
  KEYCLOAK_CLIENT_SECRET: z.string().describe("its secret"),
  KEYCLOAK_ADMIN_USERNAME: z.string().describe("an administrator of the master realm"),
  KEYCLOAK_ADMIN_PASSWORD: z.string().describe("the administrator's password"),
  KEYCLOAK_SSL_REQUIRED: z.enum(["none", "external", "all"]).optional().describe("none, external (default) or all"),
  KEYCLOAK_PASSWORD_POLICY: z.string().optional().describe("Keycloak's policy language; left as it is when not set"),
  KEYCLOAK_ROLES: list.optional().describe("realm roles for the gateway's tokens, separated by commas"),
  KEYCLOAK_BACKCHANNEL_LOGOUT_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("where Keycloak announces sessions that ended, an http(s) URL"),
});

/** One line a variable, for the command's help. */
export const realmApplyVariables: string = Object.entries(variables.shape)
  .map(([name, field]) => `  ${name.padEnd(32)} ${field.description}`)
  .join("\n");

/**
 * `authctl realm apply`: brings the realm in line and prints what it changed.
 * @throws UsageError, or the library's `AuthError`
 */
export async function realmApply(environment: Environment, print: (line: string) => void): Promise<void> {
  const given = readVariables(variables, environment);
  const { changes } = await applyRealm({
    keycloakUrl: given.KEYCLOAK_URL,
    admin: { username: given.KEYCLOAK_ADMIN_USERNAME, password: given.KEYCLOAK_ADMIN_PASSWORD },
    realm: given.KEYCLOAK_REALM,
    clientId: given.KEYCLOAK_CLIENT_ID,
    clientSecret: given.KEYCLOAK_CLIENT_SECRET,
    sslRequired: given.KEYCLOAK_SSL_REQUIRED,
    passwordPolicy: given.KEYCLOAK_PASSWORD_POLICY,
    roles: given.KEYCLOAK_ROLES,
    backchannelLogoutUrl: given.KEYCLOAK_BACKCHANNEL_LOGOUT_URL,
    log: print,
  });
  print(changes.length === 0 ? "nothing to change" : `${changes.length} changes made`);
}
