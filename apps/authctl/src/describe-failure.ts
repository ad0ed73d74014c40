import { DatabaseTimeoutError, DatabaseUnavailableError } from "@libs/database";
import { isAuthError } from "@libs/keycloak-authV2/errors";
import { CommanderError } from "commander";
import { ExitCode } from "./exit-code.ts";
import { InterruptedError } from "./interrupted-error.ts";
import { UsageError } from "./usage-error.ts";

/** 0 for help, 2 for wrong usage, 130 for Ctrl-C, 1 for work that failed. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.usage;
  if (error instanceof InterruptedError) return ExitCode.interrupted;
  return error instanceof UsageError ? ExitCode.usage : ExitCode.failed;
}

/** One line that says what to do, without a stack and without secrets. @returns undefined when it has been told already */
export function describeFailure(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined;
  const advice = adviceOn(error);
  const text = isAuthError(error)
    ? `${error.code}: ${error.internal ?? error.message}`
    : error instanceof Error
      ? error.message
      : String(error);
  return advice ? `${text} (${advice})` : text;
}

function adviceOn(error: unknown): string | undefined {
  if (isAuthError(error, "keycloak.unavailable", "keycloak.timeout")) return "is KEYCLOAK_URL right, and Keycloak up?";
  if (isAuthError(error, "keycloak.forbidden"))
    return "the client's service account lacks a role: authctl realm apply gives it";
  if (error instanceof DatabaseUnavailableError || isAuthError(error, "database.unavailable"))
    return "is DATABASE_URL right, and PostgreSQL up?";
  if (error instanceof DatabaseTimeoutError || isAuthError(error, "database.timeout"))
    return "PostgreSQL is too busy: try again";
  return undefined;
}
