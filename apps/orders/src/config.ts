import {
  databasePoolSize,
  directUrl,
  httpUrl,
  isOrigin,
  keycloakIssuer,
  listOf,
  logLevel,
  port,
  postgresUrl,
  readConfig as readSchema,
  requestTimeoutMs,
  secretVariable,
  shutdownDelayMs,
  tokenVariables,
} from "@libs/http";
import { z } from "zod";

/** Every variable of the service. */
export const configSchema = z.object({
  PORT: port.default(3100).describe("Port to listen on; 0 picks a free one."),
  HOST: z.string().min(1).default("0.0.0.0").describe("Address to listen on."),
  LOG_LEVEL: logLevel.default("info").describe("Minimum log level."),
  DATABASE_URL: postgresUrl.describe("The application's PostgreSQL."),
  DATABASE_DIRECT_URL: directUrl,
  DATABASE_POOL_SIZE: databasePoolSize,
  KEYCLOAK_URL: httpUrl.describe(
    "Keycloak's URL as this process reaches it, with its path where it has one (`/auth`); used only for its public pages.",
  ),
  KEYCLOAK_ISSUER: keycloakIssuer,
  KEYCLOAK_REALM: z.string().min(1).describe("The realm that holds the users."),
  KEYCLOAK_CLIENT_ID: z.string().min(1).describe("The gateway's client, for which tokens are issued."),
  ...tokenVariables,
  REQUEST_TIMEOUT_MS: requestTimeoutMs,
  SHUTDOWN_DELAY_MS: shutdownDelayMs,
  CORS_ORIGINS: listOf(isOrigin, "an origin such as https://shop.example").describe(
    "Origins whose pages may call the service.",
  ),
  METRICS_TOKEN: z
    .string()
    .min(16)
    .meta(secretVariable)
    .optional()
    .describe("Serves `/metrics` to requests with this bearer token."),
});

export type Config = z.infer<typeof configSchema>;

/** @throws ConfigError with all faults at once */
export const readConfig = (env: Record<string, string | undefined>): Config => readSchema(configSchema, env);
