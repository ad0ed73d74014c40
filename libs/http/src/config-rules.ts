import { databaseUrlFault } from "@libs/postgres";
import { z } from "zod";

// Rules of environment variables that services share. `rule` and `secret` are for the generated page.

/** Marks what must not be shown. */
export const secretVariable = { secret: true };

/** 0 takes a free one. */
export const port = z.coerce.number().int().min(0).max(65_535);

/** Time limits and intervals. */
export const milliseconds = z.coerce.number().int().min(100).max(600_000);

export const httpUrl = z.url({ protocol: /^https?$/ }).meta({ rule: "URL, http or https" });

export const postgresUrl = z
  .url({ protocol: /^postgres(ql)?$/ })
  .superRefine((url, context) => {
    const fault = databaseUrlFault(url, "");
    if (fault) context.addIssue({ code: "custom", message: fault.trim() });
  })
  .meta({ rule: "URL, postgresql", ...secretVariable });

/** Of a service that listens for changes or works in the background. */
export const directUrl = postgresUrl
  .optional()
  .describe(
    "The same database, directly or through a pooler in session mode: for LISTEN, background work and migrations. Default: `DATABASE_URL`, which then must not lead through a pooler in transaction mode.",
  );

export const logLevel = z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]);

/** Comma-separated entries; a fault names the entry's position, never its value. */
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

/** Scheme, host and port, nothing else. */
export function isOrigin(entry: string): boolean {
  return URL.canParse(entry) && /^https?:/.test(entry) && new URL(entry).origin === entry;
}

export const databasePoolSize = z.coerce
  .number()
  .int()
  .min(1)
  .max(200)
  .default(10)
  .describe("Maximum number of connections of this process to PostgreSQL.");

export const keycloakIssuer = httpUrl
  .optional()
  .describe("The `iss` of tokens. Default: the issuer in the realm's discovery document.");

export const requestTimeoutMs = milliseconds.default(4500).describe("Timeout of one request, in milliseconds.");

export const shutdownDelayMs = z.coerce
  .number()
  .int()
  .min(0)
  .max(60_000)
  .default(500)
  .describe("On SIGTERM, how long to keep accepting requests while `/health/ready` returns 503, in milliseconds.");
