import { currentSecret, SecretFileError, secretFromEnvironment } from "@libs/observability/secrets";
import { StackError } from "./base/stack-error.ts";

/**
 * A secret that the environment gives, itself or by the file that `<name>_FILE` names; empty where it gives none.
 * @throws StackError for a file that can't be used
 */
export function givenSecret(name: string, env: Record<string, string | undefined>): string {
  try {
    return currentSecret(secretFromEnvironment(name, env) ?? "");
  } catch (error) {
    throw error instanceof SecretFileError ? new StackError(`${error.message}.`) : error;
  }
}
