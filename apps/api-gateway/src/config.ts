import {
  databasePoolSize,
  directUrl,
  httpUrl,
  isOrigin,
  keycloakIssuer,
  listOf,
  logLevel,
  milliseconds,
  port,
  postgresUrl,
  readConfig as readSchema,
  requestTimeoutMs,
  secretVariable as secret,
  shutdownDelayMs,
  tokenVariables,
} from "@libs/http";
import { keyRingFault } from "@libs/keycloak-authV2";
import proxyAddr from "proxy-addr";
import { z } from "zod";

function isProxyRange(entry: string): boolean {
  try {
    proxyAddr.compile(entry);
    return true;
  } catch {
    return false;
  }
}

/** Most of something; 0 turns the limit off. */
const limit = z.coerce.number().int().min(0).max(1_000_000);
const window = z.coerce.number().int().min(1).max(86_400);
const flag = z.enum(["true", "false"]);
const retentionDays = z.coerce.number().int().min(1).max(3_650).default(30);

const keyRing = z
  .string()
  .superRefine((value, context) => {
    const message = keyRingFault(value);
    if (message) context.addIssue({ code: "custom", message });
  })
  .meta({ rule: "`id:base64,…`, 32 bytes each", ...secret });

/** Every variable of the gateway. `docs/configuration.md` is generated from this schema. */
export const configSchema = z.object({
  PORT: port.default(3000).describe("Port to listen on; 0 picks a free one."),
  HOST: z.string().min(1).default("0.0.0.0").describe("Address to listen on."),
  LOG_LEVEL: logLevel.default("info").describe("Minimum log level."),
  DATABASE_URL: postgresUrl.describe("The application's PostgreSQL."),
  DATABASE_DIRECT_URL: directUrl,
  DATABASE_POOL_SIZE: databasePoolSize,
  KEYCLOAK_URL: httpUrl.describe(
    "Keycloak's URL as this process reaches it, with its path where it has one (`/auth`).",
  ),
  KEYCLOAK_ISSUER: keycloakIssuer,
  KEYCLOAK_REALM: z.string().min(1).describe("The realm that holds the users."),
  KEYCLOAK_CLIENT_ID: z.string().min(1).describe("The gateway's confidential client."),
  KEYCLOAK_CLIENT_SECRET: z.string().min(1).meta(secret).describe("Its secret."),
  ...tokenVariables,
  KEYCLOAK_TIMEOUT_MS: milliseconds.default(3000).describe("Timeout of one call to Keycloak, in milliseconds."),
  TOKEN_ENCRYPTION_KEYS: keyRing.describe("Key ring for stored tokens: the first encrypts, all decrypt."),
  REFRESH_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(60_000)
    .describe("How long a replaced refresh token still gets its successor's response, in milliseconds."),
  REGISTRATION_RECOVERY_AFTER_MS: milliseconds
    .default(20_000)
    .describe(
      "How long a registration is left to its own process before another finishes it, in milliseconds; far above REQUEST_TIMEOUT_MS.",
    ),
  REGISTRATION_LOST_CREATE_MS: milliseconds
    .default(360_000)
    .describe("How long a registration that Keycloak did not answer may still take effect there, in milliseconds."),
  IDEMPOTENCY_TTL_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(720)
    .default(24)
    .describe("How long an answer is kept under its `Idempotency-Key`, in hours."),
  REGISTRATION_RETENTION_DAYS: retentionDays.describe("How long finished registrations are kept, in days."),
  SESSION_RETENTION_DAYS: retentionDays.describe("How long ended sessions are kept, in days."),
  ACTIVITY_RETENTION_DAYS: retentionDays.default(365).describe("How long activity log entries are kept, in days."),
  SWEEP_INTERVAL_MS: milliseconds
    .default(2_000)
    .describe("How often each replica looks for unfinished work, in milliseconds."),
  FEED_ENABLED: flag.default("true").describe("Whether Keycloak's events are read, so that changes there arrive here."),
  FEED_POLL_INTERVAL_MS: milliseconds
    .default(750)
    .describe("How often one of the replicas reads them, in milliseconds: two calls to Keycloak each time."),
  FEED_MAX_DELETIONS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(100)
    .describe("Maximum number of users treated as deleted in Keycloak within a minute; the others wait."),
  RECONCILE_ENABLED: flag
    .default("true")
    .describe(
      "Whether users and sessions are counted and compared with Keycloak continuously, so that a change that it does not report is found within RECONCILE_PERIOD_MS.",
    ),
  RECONCILE_PERIOD_MS: z.coerce
    .number()
    .int()
    .min(1_000)
    .max(604_800_000)
    .default(900_000)
    .describe("Period in which every user and every live session is compared with Keycloak once, in milliseconds."),
  RECONCILE_MAX_CALLS_PER_SECOND: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(50)
    .describe(
      "Maximum calls to Keycloak per second for this comparison, one at a time; three more every 5 seconds count users.",
    ),
  FEED_REQUIRED_FOR_READY: flag
    .default("false")
    .describe(
      "Whether `/health/ready` returns 503 while the change feed has a problem; otherwise it only names the problem.",
    ),
  REQUEST_TIMEOUT_MS: requestTimeoutMs,
  SHUTDOWN_DELAY_MS: shutdownDelayMs,
  TRUSTED_PROXIES: listOf(isProxyRange, "an address, a CIDR range, `loopback`, `linklocal` or `uniquelocal`").describe(
    "Proxies in front of the gateway whose header with the client's address is trusted.",
  ),
  TRUSTED_PROXY_HEADER: z
    .enum(["x-forwarded-for", "forwarded"])
    .default("x-forwarded-for")
    .describe(
      "The one header of those proxies that is read: `X-Forwarded-For`, or `Forwarded` (RFC 7239). The other one is ignored.",
    ),
  CORS_ORIGINS: listOf(isOrigin, "an origin such as https://shop.example").describe(
    "Origins whose pages may call the gateway.",
  ),
  METRICS_PORT: port.optional().describe("Serves `/metrics` on a port of its own, without a token."),
  METRICS_HOST: z.string().min(1).default("127.0.0.1").describe("Address of that port."),
  METRICS_TOKEN: z
    .string()
    .min(16)
    .meta(secret)
    .optional()
    .describe("Serves `/metrics` on the main port to requests with this bearer token."),
  KEYCLOAK_HASHING_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(8)
    .describe("Maximum logins and registrations of this process that Keycloak works on at once; 0 means no limit."),
  KEYCLOAK_HASHING_QUEUE: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(16)
    .describe("Maximum logins and registrations that wait for a permit; beyond it 503 `service.overloaded`."),
  KEYCLOAK_HASHING_WAIT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(100)
    .describe("Maximum wait for a permit, in milliseconds."),
  KEYCLOAK_CIRCUIT_FAILURES: z.coerce
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(5)
    .describe("Consecutive outages of Keycloak after which calls fail at once; 0 turns the circuit breaker off."),
  KEYCLOAK_CIRCUIT_RETRY_MS: milliseconds
    .default(1000)
    .describe("How long until one call may test whether Keycloak is back, in milliseconds."),
  LIMIT_LOGIN_PER_ACCOUNT: limit
    .default(10)
    .describe("Failed logins of one account within a window; 0 means no limit."),
  LIMIT_LOGIN_PER_ADDRESS: limit
    .default(100)
    .describe("Failed logins from one address within a window; 0 means no limit."),
  LIMIT_LOGIN_WINDOW_S: window.default(900).describe("That window, in seconds."),
  LIMIT_REGISTER_PER_ACCOUNT: limit
    .default(10)
    .describe("Registrations with one email that were refused for a taken name, within a window; 0 means no limit."),
  LIMIT_REGISTER_PER_ADDRESS: limit
    .default(20)
    .describe("Registrations from one address within a window; 0 means no limit."),
  LIMIT_REGISTER_WINDOW_S: window.default(3600).describe("That window, in seconds."),
  LIMIT_REFRESH_PER_SESSION: limit.default(60).describe("Refreshes of one session within a window; 0 means no limit."),
  LIMIT_REFRESH_PER_ADDRESS: limit
    .default(600)
    .describe("Refreshes from one address within a window; 0 means no limit."),
  LIMIT_REFRESH_WINDOW_S: window.default(60).describe("That window, in seconds."),
  LOGIN_FAILURE_PAUSE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(5000)
    .default(1000)
    .describe("How long the next login of an account waits after a failed one, in milliseconds."),
  LOGIN_LOCK_WAIT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(5000)
    .default(1500)
    .describe(
      "Maximum wait of a login for other logins of its account, in milliseconds; then 429. The limit leaves Keycloak time to answer. `LOGIN_TURN_WAIT_MS`, its earlier name, still works.",
    ),
});

export type Config = z.infer<typeof configSchema>;

/**
 * Reads the configuration; an empty or blank variable counts as not given.
 * @throws ConfigError with all faults at once
 */
export const readConfig = (env: Record<string, string | undefined>): Config =>
  readSchema(configSchema, {
    ...env,
    LOGIN_LOCK_WAIT_MS: env.LOGIN_LOCK_WAIT_MS?.trim() ? env.LOGIN_LOCK_WAIT_MS : env.LOGIN_TURN_WAIT_MS,
  });
