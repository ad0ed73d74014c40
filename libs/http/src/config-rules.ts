import { databaseUrlFault } from "@libs/postgres";
import { z } from "zod";

// Rules of environment variables that services share. `rule` and `secret` are for the generated page.

/**
 * Marks what must not be shown.
 * @see {@link readConfig}
 */
export const secretVariable = { secret: true };

/**
 * Rule of a port to listen on; 0 takes a free one.
 * @see {@link readConfig}
 */
export const port = z.coerce.number().int().min(0).max(65_535);

/**
 * Rule of time limits and intervals: 100 ms to 10 minutes.
 * @see {@link readConfig}
 */
export const milliseconds = z.coerce.number().int().min(100).max(600_000);

/**
 * Rule of a variable that holds an address of a server: a URL, http or https.
 * @see {@link readConfig}
 */
export const httpUrl = z.url({ protocol: /^https?$/ }).meta({ rule: "URL, http or https" });

/**
 * Rule of a variable that holds a database URL. Marked as a secret, since it has a password.
 * @see {@link readConfig}
 */
export const postgresUrl = z
  .url({ protocol: /^postgres(ql)?$/ })
  .superRefine((url, context) => {
    const fault = databaseUrlFault(url, "");
    if (fault) context.addIssue({ code: "custom", message: fault.trim() });
  })
  .meta({ rule: "URL, postgresql", ...secretVariable });

/**
 * Rule of `DATABASE_DIRECT_URL`, of a service that listens for changes or works in the background.
 * @see {@link readConfig}
 */
export const directUrl = postgresUrl
  .optional()
  .describe(
    "The same database, directly or through a pooler in session mode: for LISTEN, background work and migrations. Default: `DATABASE_URL`, which then must not lead through a pooler in transaction mode.",
  );

/**
 * Rule of `LOG_LEVEL`: pino's levels.
 * @see {@link readConfig}
 */
export const logLevel = z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]);

/**
 * Comma-separated entries; a fault names the entry's position, never its value.
 * @param isValid whether an entry is one of those that are allowed
 * @param rule what an entry must be, for the fault
 * @see {@link readConfig}
 */
export const listOf = (isValid: (entry: string) => boolean, rule: string) =>
  z
    .string()
    .default("")
    .transform((value) =>
      value
        .split(",")
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .superRefine((entries, context) => {
      for (const [index, entry] of entries.entries()) {
        if (!isValid(entry)) context.addIssue({ code: "custom", message: `entry ${index + 1} is not ${rule}` });
      }
    })
    .meta({ rule: `comma-separated list, each ${rule}` });

/**
 * Whether an entry is an origin as browsers send it: scheme, host and port, nothing else (RFC 6454 §7).
 * @param entry of a list
 * @see {@link readConfig}
 */
export function isOrigin(entry: string): boolean {
  return URL.canParse(entry) && /^https?:/.test(entry) && new URL(entry).origin === entry;
}

/**
 * Rule of `DATABASE_POOL_SIZE`: number of connections, 1 to 200; 10 when left out.
 * @see {@link readConfig}
 */
export const databasePoolSize = z.coerce
  .number()
  .int()
  .min(1)
  .max(200)
  .default(10)
  .describe("Maximum number of connections of this process to PostgreSQL.");

/**
 * Rule of `KEYCLOAK_ISSUER`.
 * @see {@link readConfig}
 */
export const keycloakIssuer = httpUrl
  .optional()
  .describe("The `iss` of tokens. Default: the issuer in the realm's discovery document.");

/**
 * Rule of `REQUEST_TIMEOUT_MS`; 4500 ms when left out.
 * @see {@link readConfig}
 */
export const requestTimeoutMs = milliseconds.default(4500).describe("Timeout of one request, in milliseconds.");

/**
 * Rule of `SHUTDOWN_DELAY_MS`; 500 ms when left out.
 * @see {@link readConfig}
 */
export const shutdownDelayMs = z.coerce
  .number()
  .int()
  .min(0)
  .max(60_000)
  .default(500)
  .describe("On SIGTERM, how long to keep accepting requests while `/health/ready` returns 503, in milliseconds.");
