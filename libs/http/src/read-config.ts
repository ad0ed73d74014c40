import type { z } from "zod";

export interface ConfigurationFault {
  variable: string;
  rule: string;
}

/** Every fault of the configuration, by variable name, without any value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly faults: ConfigurationFault[]) {
    const lines = faults.map(({ variable, rule }) => `  ${variable}: ${rule}`);
    super(`The configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n${lines.join("\n")}`);
  }
}

/**
 * Reads a service's configuration; an empty or blank variable counts as not given.
 * @throws ConfigError with all faults at once
 */
export function readConfig<Schema extends z.ZodType>(
  schema: Schema,
  env: Record<string, string | undefined>,
): z.infer<Schema> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(({ path, code, message }) => {
      const variable = String(path[0]);
      return { variable, rule: code === "invalid_type" && given[variable] === undefined ? "is missing" : message };
    }),
  );
}
