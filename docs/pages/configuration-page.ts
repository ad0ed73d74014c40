import { z } from "zod";
import { configSchema } from "../../apps/api-gateway/src/config.ts";
import { generatedNote, table } from "./table.ts";

interface VariableSchema {
  type?: string;
  description?: string;
  default?: string | number;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  rule?: string;
  secret?: boolean;
}

/** `docs/configuration.md`, from the gateway's own schema. */
export function configurationPage(): string {
  const required = jsonSchema("input").required ?? [];
  const defaults = properties("input");
  const rows = Object.entries(properties("output")).map(([name, variable]) => [
    `\`${name}\``,
    required.includes(name) ? "**required**" : shownDefault(defaults[name]?.default),
    ruleOf(variable),
    `${variable.description ?? ""}${variable.secret ? " **Secret.**" : ""}`,
  ]);
  return `# Configuration

${generatedNote("apps/api-gateway/src/config.ts")}

The gateway reads environment variables, once, at its start. A variable that is empty counts as not given. If anything is
wrong, it names every fault by its variable, shows no value, and ends with exit code 1. \`bun run start\` sets all of
them itself; \`.env.example\` has a set that fits \`docker-compose.yml\`.

${table(["variable", "default", "rule", "what it is"], rows)}

A key for \`TOKEN_ENCRYPTION_KEYS\`: \`echo "k1:$(openssl rand -base64 32)"\`. To change keys without losing a session, see
[operations.md](operations.md).

The libraries read two of these by themselves, where the caller gives no value: \`new PrismaClient()\` takes \`DATABASE_URL\`,
and \`new UserSyncService(…)\` takes \`TOKEN_ENCRYPTION_KEYS\`.
`;
}

function jsonSchema(io: "input" | "output") {
  return z.toJSONSchema(configSchema, { unrepresentable: "any", io });
}

function properties(io: "input" | "output"): Record<string, VariableSchema> {
  return jsonSchema(io).properties as Record<string, VariableSchema>;
}

function shownDefault(value: string | number | undefined): string {
  return value === undefined ? "not set" : value === "" ? "none" : `\`${value}\``;
}

function ruleOf({ rule, type, enum: options, minimum, maximum, minLength = 0 }: VariableSchema): string {
  if (rule) return rule;
  if (options) return `one of ${options.map((option) => `\`${option}\``).join(", ")}`;
  if (type === "integer") return `integer, ${minimum} to ${maximum}`;
  return minLength > 1 ? `text of at least ${minLength} characters` : "text";
}
