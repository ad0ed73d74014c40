import { z } from "zod";
import { configSchema } from "../../apps/api-gateway/src/config.ts";
import { configSchema as ordersSchema } from "../../apps/orders/src/config.ts";
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

/** `docs/configuration.md`, from the services' own schemas. */
export function configurationPage(): string {
  return `# Configuration

${generatedNote("apps/api-gateway/src/config.ts and apps/orders/src/config.ts")}

The gateway reads environment variables once, at startup. An empty variable counts as not set. If any variable is invalid, the
gateway reports every invalid one by name, without its value, and exits with code 1. \`bun run start\` sets all of them itself;
\`.env.example\` has a set that fits \`docker-compose.yml\`.

A secret may come from a file instead, as Docker and Kubernetes mount them: \`DATABASE_URL_FILE=/run/secrets/database-url\`. The
file contains only the value; newlines at its end are removed. It is an error to set both \`NAME\` and \`NAME_FILE\`, or to name a
file that is missing, empty or not readable. The file is read again when it changes, without a restart: see
[operations.md](operations.md#secrets-from-files).

${variableTable(configSchema)}

To generate a key for \`TOKEN_ENCRYPTION_KEYS\`, run \`echo "k1:$(openssl rand -base64 32)"\`. To change keys without losing a
session, see [operations.md](operations.md#change-the-encryption-key).

## The orders service

It needs no Keycloak secret: it only fetches the realm's public keys and its issuer. \`bun run orders\` sets these by itself.

${variableTable(ordersSchema)}

## The libraries

The libraries read some of these themselves if the caller gives no value: \`new PrismaClient()\` reads \`DATABASE_URL\`,
\`new UserSyncService(…)\` reads \`TOKEN_ENCRYPTION_KEYS\`, and \`keycloakAuth()\` reads \`KEYCLOAK_URL\`, \`KEYCLOAK_REALM\`,
\`KEYCLOAK_CLIENT_ID\`, \`KEYCLOAK_ISSUER\` and \`DATABASE_URL\`. Here too, secrets may come from files and are re-read when the
files change. A caller that passes a secret itself may pass a function instead, which is called at each use.
`;
}

function variableTable(schema: z.ZodObject): string {
  const input = z.toJSONSchema(schema, { unrepresentable: "any", io: "input" });
  const output = z.toJSONSchema(schema, { unrepresentable: "any", io: "output" });
  const defaults = input.properties as Record<string, VariableSchema>;
  const rows = Object.entries(output.properties as Record<string, VariableSchema>).map(([name, variable]) => [
    `\`${name}\``,
    input.required?.includes(name) ? "**required**" : shownDefault(defaults[name]?.default),
    ruleOf(variable),
    `${variable.description ?? ""}${variable.secret ? ` **Secret.** Or \`${name}_FILE\`.` : ""}`,
  ]);
  return table(["variable", "default", "rule", "what it is"], rows);
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
