import { currentSecret, SecretFileError, secretFromEnvironment } from "@libs/observability/secrets";
import { z } from "zod";
import { UsageError } from "./usage-error.ts";

/** The environment, as `process.env` gives it. */
export type Environment = Record<string, string | undefined>;

/** Those that may come from a file: `<name>_FILE` names it. */
const SECRETS = [
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "KEYCLOAK_CLIENT_SECRET",
  "KEYCLOAK_ADMIN_PASSWORD",
  "TOKEN_ENCRYPTION_KEYS",
];

/** Whether a variable may come from a file. */
export const isSecretVariable = (name: string): boolean => SECRETS.includes(name);

/** What a variable is, whether given itself or by a file. @throws UsageError for a file that can't be used */
export function readVariable(name: string, environment: Environment): string | undefined {
  if (!isSecretVariable(name)) return environment[name] || undefined;
  try {
    const secret = secretFromEnvironment(name, environment);
    return secret === undefined ? undefined : currentSecret(secret);
  } catch (error) {
    throw error instanceof SecretFileError ? new UsageError(error.message) : error;
  }
}

/**
 * Reads variables by a schema; an empty one counts as not set.
 * @throws UsageError that names every fault at once, and no value
 */
export function readVariables<T extends z.ZodObject>(schema: T, environment: Environment): z.output<T> {
  const names = Object.keys(schema.shape);
  const given = Object.fromEntries(names.map((name) => [name, readVariable(name, environment)]));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `  ${name} ${given[name] === undefined ? "is not set" : `is not valid: ${rule(schema, name, issue.message)}`}`;
  });
  throw new UsageError(`these variables are needed:\n${[...new Set(faults)].join("\n")}`);
}

function rule(schema: z.ZodObject, name: string, message: string): string {
  const field: unknown = schema.shape[name];
  return (field instanceof z.ZodType && field.description) || message;
}
