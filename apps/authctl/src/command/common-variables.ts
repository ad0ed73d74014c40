import { z } from "zod";

const httpUrl = z.url({ protocol: /^https?$/ });

/** The application's database. */
export const databaseVariables = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).describe("the application's database, a postgresql:// URL"),
});

/** For what needs a session of its own. */
export const directVariables = databaseVariables.extend({
  DATABASE_DIRECT_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe("the same database, directly or through a pooler in session mode; optional: else DATABASE_URL"),
});

/** Database and realm, as the gateway reads them. */
export const gatewayVariables = databaseVariables.extend({
  KEYCLOAK_URL: httpUrl.describe("where Keycloak is reached, an http(s) URL"),
  KEYCLOAK_REALM: z.string().describe("the realm that holds the users"),
  KEYCLOAK_CLIENT_ID: z.string().describe("the gateway's client"),
  KEYCLOAK_CLIENT_SECRET: z.string().describe("its secret"),
});
