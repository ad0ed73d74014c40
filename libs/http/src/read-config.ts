import { type SecretFile, SecretFileError, secretSource } from "@libs/observability/secrets";
import { staysAtDatabase } from "@libs/postgres";
import { SetupError } from "@libs/problems";
import { z } from "zod";

/**
 * One fault of the configuration: which variable, and the rule that it breaks.
 * @see {@link readConfig}
 */
export interface ConfigurationFault {
  variable: string;
  rule: string;
}

/**
 * Every fault of the configuration, by variable name, without any value.
 * @see {@link readConfig}
 */
export class ConfigError extends SetupError {
  override readonly name = "ConfigError";

  constructor(readonly faults: ConfigurationFault[]) {
    const lines = faults.map(({ variable, rule }) => `  ${variable}: ${rule}`);
    super(
      "setup.invalid",
      `The configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n${lines.join("\n")}`,
    );
  }
}

/**
 * Reads a service's configuration; an empty or blank variable counts as not given. A secret is given by its variable or by
 * the file that `<variable>_FILE` names, and then its member of the result is as the file is now: it is to be read at each
 * use. {@link secretFilesOf} has the files.
 * @param schema its members are the variables; those marked with {@link secretVariable} may come from files
 * @param env such as `process.env`
 * @throws ConfigError with all faults at once
 * @example
 * ```ts
 * import {
 *   ConfigError,
 *   type ConfigurationFault,
 *   databasePoolSize,
 *   directUrl,
 *   httpUrl,
 *   isOrigin,
 *   keycloakIssuer,
 *   listOf,
 *   logLevel,
 *   milliseconds,
 *   port,
 *   postgresUrl,
 *   readConfig,
 *   requestTimeoutMs,
 *   secret,
 *   secretFilesOf,
 *   secretVariable,
 *   shutdownDelayMs,
 *   tokenOptions,
 *   tokenVariables,
 * } from "@libs/http";
 * import { z } from "zod";
 *
 * const schema = z.object({
 *   PORT: port.default(3100),
 *   LOG_LEVEL: logLevel.default("info"),
 *   DATABASE_URL: postgresUrl,
 *   DATABASE_DIRECT_URL: directUrl,
 *   DATABASE_POOL_SIZE: databasePoolSize,
 *   KEYCLOAK_URL: httpUrl,
 *   KEYCLOAK_ISSUER: keycloakIssuer,
 *   KEYCLOAK_CLIENT_ID: z.string(),
 *   ...tokenVariables,
 *   API_KEY: secret(200).meta(secretVariable),
 *   CORS_ORIGINS: listOf(isOrigin, "an origin such as https://shop.example"),
 *   POLL_MS: milliseconds.default(1000),
 *   REQUEST_TIMEOUT_MS: requestTimeoutMs,
 *   SHUTDOWN_DELAY_MS: shutdownDelayMs,
 * });
 *
 * try {
 *   const config = readConfig(schema, process.env);
 *   console.log(config.PORT, tokenOptions(config).authorizedParties, secretFilesOf(config).length);
 * } catch (error) {
 *   if (!(error instanceof ConfigError)) throw error;
 *   const faults: ConfigurationFault[] = error.faults;
 *   for (const { variable, rule } of faults) console.error(`${variable} ${rule}`);
 * }
 * ```
 */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  env: Record<string, string | undefined>,
): z.infer<Schema> {
  const { given, files, faults } = readGiven(schema, env);
  const result = schema.safeParse(given);
  const known = new Set(faults.map(({ variable }) => variable.replace(/_FILE$/, "")));
  for (const { path, code, message } of result.error?.issues ?? []) {
    const variable = String(path[0]);
    // What its file could not give is no second fault.
    if (known.has(variable)) continue;
    faults.push({ variable, rule: code === "invalid_type" && given[variable] === undefined ? "is missing" : message });
  }
  if (faults.length > 0 || !result.success) throw new ConfigError(faults);
  return followFiles(result.data, schema, files);
}

/**
 * The files that secrets of a configuration come from: for whoever watches them.
 * @param config what {@link readConfig} returned
 * @see {@link readConfig}
 */
export const secretFilesOf = (config: object): readonly SecretFile[] => filesOf.get(config) ?? [];

const filesOf = new WeakMap<object, readonly SecretFile[]>();

function readGiven(schema: z.ZodObject, env: Record<string, string | undefined>) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const files: SecretFile[] = [];
  const faults: ConfigurationFault[] = [];
  for (const [name, field] of Object.entries(schema.shape)) {
    if (!isSecret(field)) continue;
    try {
      const source = secretSource(name, env, { check: (value, before) => faultOf(name, field, value, before) });
      if (!source || !("file" in source)) continue;
      files.push(source.file);
      given[name] = source.file.value;
    } catch (error) {
      if (!(error instanceof SecretFileError)) throw error;
      faults.push({ variable: error.variable, rule: error.rule });
    }
  }
  return { given, files, faults };
}

function faultOf(name: string, field: z.core.$ZodType, value: string, before: string | undefined): string | undefined {
  const fault = name === "DATABASE_URL" || name === "DATABASE_DIRECT_URL" ? staysAtDatabase(value, before) : undefined;
  return fault ?? z.safeParse(field, value).error?.issues[0]?.message;
}

function isSecret(field: z.core.$ZodType): boolean {
  if (z.globalRegistry.get(field as z.ZodType)?.["secret"] === true) return true;
  const inner: unknown = Reflect.get(field._zod.def, "innerType");
  return inner instanceof z.ZodType && isSecret(inner);
}

function followFiles<Config extends object>(config: Config, schema: z.ZodObject, files: SecretFile[]): Config {
  for (const file of files) {
    const field = schema.shape[file.variable] as z.ZodType;
    let parsed = { text: file.value, value: field.parse(file.value) };
    const get = () => {
      const text = file.value;
      if (text !== parsed.text) parsed = { text, value: field.parse(text) };
      return parsed.value;
    };
    Object.defineProperty(config, file.variable, { get, enumerable: true });
  }
  filesOf.set(config, files);
  return config;
}
