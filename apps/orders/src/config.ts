import {
  httpUrl,
  isOrigin,
  listOf,
  logLevel,
  milliseconds,
  port,
  postgresUrl,
  readConfig as readSchema,
  secretVariable,
} from "@libs/http";
import { z } from "zod";

/** Every variable of the service. */
export const configSchema = z.object({
  PORT: port.default(3100).describe("Port to listen on; 0 takes a free one."),
  HOST: z.string().min(1).default("0.0.0.0").describe("Address to listen on."),
  LOG_LEVEL: logLevel.default("info").describe("Least severe level that is logged."),
  DATABASE_URL: postgresUrl.describe("The application's PostgreSQL."),
  DATABASE_POOL_SIZE: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(10)
    .describe("Most connections to PostgreSQL of this process."),
  KEYCLOAK_URL: httpUrl.describe("Where this process dials Keycloak, without a path: for its public keys alone."),
  KEYCLOAK_ISSUER: httpUrl
    .optional()
    .describe("What tokens name as `iss`. Default: `KEYCLOAK_URL/realms/KEYCLOAK_REALM`."),
  KEYCLOAK_REALM: z.string().min(1).describe("The realm that holds the users."),
  KEYCLOAK_CLIENT_ID: z.string().min(1).describe("The gateway's client, for which tokens are issued."),
  REQUEST_TIMEOUT_MS: milliseconds.default(4500).describe("Longest time of one request, in milliseconds."),
  SHUTDOWN_DELAY_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(500)
    .describe("On SIGTERM, how long to go on accepting while `/health/ready` says 503, in milliseconds."),
  CORS_ORIGINS: listOf(isOrigin, "an origin such as https://shop.example").describe(
    "Origins whose pages may call the service.",
  ),
  METRICS_TOKEN: z
    .string()
    .min(16)
    .meta(secretVariable)
    .optional()
    .describe("Serves `/metrics` to those who bring this bearer token."),
});

export type Config = z.infer<typeof configSchema>;

/** @throws ConfigError with all faults at once */
export const readConfig = (env: Record<string, string | undefined>): Config => readSchema(configSchema, env);
