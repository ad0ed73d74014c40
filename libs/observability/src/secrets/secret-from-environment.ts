import { SecretFileError } from "./read-secret-file.ts";
import type { Secret } from "./secret.ts";
import { SecretFile, type SecretFileOptions } from "./secret-file.ts";

type Environment = Record<string, string | undefined>;

/**
 * What one variable gives: its value, or the file that `<variable>_FILE` names.
 * @see {@link secretSource}
 */
export type SecretSource = { value: string } | { file: SecretFile } | undefined;

/**
 * Reads a secret from a variable or from the file that `<variable>_FILE` names; one that is empty or blank counts as not
 * given.
 * @param options which values are accepted
 * @param variable its name
 * @param environment such as `process.env`
 * @throws SecretFileError both are given, or there is no valid value in the file
 * @example
 * ```ts
 * import {
 *   SecretFile,
 *   type SecretFileEvents,
 *   type SecretFileOptions,
 *   type SecretSource,
 *   secretSource,
 * } from "@libs/observability/secrets";
 *
 * const source: SecretSource = secretSource("API_KEY", process.env);
 * console.log(source === undefined ? "not given" : "file" in source ? source.file.value.length : source.value.length);
 *
 * const options: SecretFileOptions = { variable: "API_KEY", path: "/run/secrets/api-key" };
 * const events: SecretFileEvents = {
 *   taken: (variable) => console.log(`${variable} changed`),
 *   refused: (variable, rule) => console.warn(`${variable} ${rule}`),
 * };
 * const file = new SecretFile(options);
 * file.events = events;
 * file.check();
 * ```
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

/**
 * Reads a secret from a variable or from the file that `<variable>_FILE` names. One that comes from a file follows it:
 * ask for it at each use.
 * @param options which values are accepted
 * @param variable its name
 * @param environment such as `process.env`
 * @returns undefined where neither variable is given
 * @throws SecretFileError both are given, or there is no valid value in the file
 * @example
 * ```ts
 * import { currentSecret, type Secret, SecretFileError, secretFromEnvironment } from "@libs/observability/secrets";
 *
 * try {
 *   const secret: Secret | undefined = secretFromEnvironment("API_KEY", process.env);
 *   if (secret !== undefined) await fetch("https://api.example.com", { headers: { "x-key": currentSecret(secret) } });
 * } catch (error) {
 *   if (!(error instanceof SecretFileError)) throw error;
 *   console.error(`${error.variable} ${error.rule}`);
 * }
 * ```
 */
export function secretFromEnvironment(
  variable: string,
  environment: Environment,
  options?: Omit<SecretFileOptions, "variable" | "path">,
): Secret | undefined {
  const source = secretSource(variable, environment, options);
  if (!source) return undefined;
  return "value" in source ? source.value : () => source.file.value;
}
