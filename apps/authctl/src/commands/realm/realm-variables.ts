import { z } from "zod";

const httpUrl = z.url({ protocol: /^https?$/ });
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean),
);

/** What setting up a realm is given. */
export const realmVariables = z.object({
  KEYCLOAK_URL: httpUrl.describe("where Keycloak is reached, an http(s) URL"),
  KEYCLOAK_REALM: z.string().describe("the realm to set up"),
  KEYCLOAK_CLIENT_ID: z.string().describe("the gateway's client"),
  KEYCLOAK_CLIENT_SECRET: z.string().describe("its secret"),
  KEYCLOAK_ADMIN_USERNAME: z.string().describe("an administrator of the master realm"),
  KEYCLOAK_ADMIN_PASSWORD: z.string().describe("the administrator's password"),
  KEYCLOAK_SSL_REQUIRED: z.enum(["none", "external", "all"]).optional().describe("none, external (default) or all"),
  KEYCLOAK_PASSWORD_POLICY: z.string().optional().describe("Keycloak's policy language; left as it is when not set"),
  KEYCLOAK_ROLES: list.optional().describe("realm roles for the gateway's tokens, separated by commas"),
  KEYCLOAK_BACKCHANNEL_LOGOUT_URL: httpUrl
    .optional()
    .describe("where Keycloak announces sessions that ended, an http(s) URL"),
});
