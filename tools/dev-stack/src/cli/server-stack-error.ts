import { diagnoseDatabase, MigrationError } from "@libs/database/migrate";
import { isAuthError } from "@libs/keycloak-authV2/errors";
import { describeKeycloakFailure } from "@libs/keycloak-authV2/keycloak";
import { UnsupportedKeycloakError } from "@libs/keycloak-realm";
import { StackError } from "../base/stack-error.ts";

/** For `.catch`: what PostgreSQL refused, as words for a person. @throws StackError, or the error where nobody knows it */
export function databaseStackError(error: unknown): never {
  throw error instanceof MigrationError ? new StackError(error.message) : error;
}

/** For `.catch`: what Keycloak refused its administrator. @throws StackError, or the error where nobody knows it */
export async function keycloakStackError(error: unknown, at: { url: string; realm: string }): Promise<never> {
  if (error instanceof UnsupportedKeycloakError) throw new StackError(error.message);
  const text = await describeKeycloakFailure(error, { ...at, as: "administrator" });
  if (text) throw new StackError(text);
  if (isAuthError(error)) throw new StackError(`Keycloak refused: ${error.code}: ${error.internal ?? error.message}`);
  throw error;
}

/** For `.catch`: why a statement of ours failed, where no connection works any more. @throws StackError, or the error */
export async function databaseRefusal(error: unknown, databaseUrl: string): Promise<never> {
  const reason = await diagnoseDatabase(databaseUrl);
  throw reason ? new StackError(reason) : error;
}
