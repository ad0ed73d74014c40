import { SecretFileError } from "./read-secret-file.ts";
import type { Secret } from "./secret.ts";
import { SecretFile, type SecretFileOptions } from "./secret-file.ts";

type Environment = Record<string, string | undefined>;

/** What one variable gives: its value, or the file that `<variable>_FILE` names. */
export type SecretSource = { value: string } | { file: SecretFile } | undefined;

/**
 * Reads a secret from a variable or from the file that `<variable>_FILE` names; one that is empty or blank counts as not
 * given.
 * @throws SecretFileError both are given, or there is no valid value in the file
 */
export function secretSource(
  variable: string,
  environment: Environment,
  options: Omit<SecretFileOptions, "variable" | "path"> = {},
): SecretSource {
  const [value, path] = [environment[variable], environment[`${variable}_FILE`]].map((text) => text?.trim() && text);
  if (value && path)
    throw new SecretFileError(`${variable}_FILE`, `and ${variable} are both given: leave one of them out`);
  if (path) return { file: new SecretFile({ ...options, variable, path }) };
  return value ? { value } : undefined;
}

/** The same for whoever asks at each use: one that comes from a file follows it. @throws SecretFileError */
export function secretFromEnvironment(
  variable: string,
  environment: Environment,
  options?: Omit<SecretFileOptions, "variable" | "path">,
): Secret | undefined {
  const source = secretSource(variable, environment, options);
  if (!source) return undefined;
  return "value" in source ? source.value : () => source.file.value;
}
