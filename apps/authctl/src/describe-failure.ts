import { DatabaseTimeoutError, DatabaseUnavailableError, StatementRefusedError } from "@libs/database";
import { diagnoseDatabase } from "@libs/database/migrate";
import { describeKeycloakFailure, type FailedKeycloakCall } from "@libs/keycloak-authV2/keycloak";
import { isAuthError } from "@libs/problems";
import { CommanderError } from "commander";
import { AdministratorFailure } from "./command/administrator-failure.ts";
import { ExitCode } from "./command/exit-code.ts";
import { InterruptedError } from "./input/interrupted-error.ts";
import { type Environment, readVariable } from "./input/read-variables.ts";
import { UsageError } from "./input/usage-error.ts";

/** 0 for help, 2 for wrong usage, 130 for Ctrl-C, 1 for work that failed. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.usage;
  if (error instanceof InterruptedError) return ExitCode.interrupted;
  return error instanceof UsageError ? ExitCode.usage : ExitCode.failed;
}

/**
 * One line that says what to do, without a stack and without secrets.
 * @param environment where the servers are; the one that failed is asked why
 * @returns undefined when it has been said already
 */
export async function describeFailure(error: unknown, environment: Environment): Promise<string | undefined> {
  if (error instanceof CommanderError) return undefined;
  if (error instanceof AdministratorFailure) return await describe(error.cause, environment, "administrator");
  return await describe(error, environment, "client");
}

async function describe(error: unknown, environment: Environment, as: FailedKeycloakCall["as"]): Promise<string> {
  const text = isAuthError(error)
    ? `${error.code}: ${error.internal ?? error.message}`
    : error instanceof Error
      ? error.message
      : String(error);
  const cause = (await keycloakCause(error, environment, as)) ?? (await databaseCause(error, environment));
  if (cause) return isAuthError(error) ? `${cause} (${text})` : cause;
  const advice = adviceOn(error);
  return advice ? `${text} (${advice})` : text;
}

async function keycloakCause(
  error: unknown,
  { KEYCLOAK_URL: url, KEYCLOAK_REALM: realm }: Environment,
  as: FailedKeycloakCall["as"],
): Promise<string | undefined> {
  return url && realm ? await describeKeycloakFailure(error, { url, realm, as }) : undefined;
}

async function databaseCause(error: unknown, environment: Environment): Promise<string | undefined> {
  const isAway =
    error instanceof DatabaseUnavailableError ||
    error instanceof DatabaseTimeoutError ||
    isAuthError(error, "database.unavailable", "database.timeout");
  const url = isAway ? readVariable("DATABASE_URL", environment) : undefined;
  return url ? await diagnoseDatabase(url) : undefined;
}

function adviceOn(error: unknown): string | undefined {
  if (isAuthError(error, "keycloak.unavailable", "keycloak.timeout"))
    return "check KEYCLOAK_URL, and that Keycloak runs";
  if (isAuthError(error, "keycloak.forbidden"))
    return "the client's service account lacks a role: authctl realm apply gives it";
  if (error instanceof DatabaseUnavailableError || isAuthError(error, "database.unavailable"))
    return "check DATABASE_URL, and that PostgreSQL runs";
  if (error instanceof DatabaseTimeoutError || isAuthError(error, "database.timeout"))
    return "PostgreSQL is too busy: try again";
  if (error instanceof StatementRefusedError && /^42(P01|703)$/.test(error.sqlState))
    return "the database lacks a table or a column: authctl db migrate adds it";
  return undefined;
}
