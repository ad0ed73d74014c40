import { PREFERRED_PORTS } from "../constants.ts";
import { gatewayEnvironment } from "../gateway-environment.ts";
import type { StackFile } from "../stack-file.ts";

/** Where the lines keep the answers, tokens included; removed when the stack stops. */
export const ANSWER_FILES = [".dev/login.json", ".dev/refresh.json"] as const;
const [LOGIN, REFRESH] = ANSWER_FILES;
const JSON_TYPE = "-H 'content-type: application/json'";

/**
 * One line of shell per route, to be pasted one after the other in the checkout. Login and refresh keep their answers in
 * `.dev`, from which the next line takes what it needs.
 */
export function curlLines(gatewayUrl: string): string[] {
  const post = (route: string, body: string) => `curl -s ${gatewayUrl}/auth/${route} ${JSON_TYPE} -d ${body}`;
  const person = '"username":"ada","password":"correct-horse-1"';
  const names = '"email":"ada@example.com","firstName":"Ada","lastName":"Lovelace"';
  const pick = (files: string, pattern: string, fields: string) =>
    `"$(cat ${files} | tr -d '\\n' | sed -E 's/.*${pattern}.*/{${fields}}/;s/refresh_token/refreshToken/')"`;
  const token = '("refresh_token":"[^"]*")';
  const session = '("sessionId":"[^"]*")';
  return [
    post("register", `'{${person},${names}}'`),
    `${post("login", `'{${person}}'`)} | tee ${LOGIN}`,
    `${post("refresh", pick(LOGIN, `${token}.*${session}`, "\\1,\\2"))} | tee ${REFRESH}`,
    post("logout", pick(`${LOGIN} ${REFRESH}`, `${session}.*${token}`, "\\1,\\2")),
  ];
}

/** What `start` ends with. */
export function startScreen(stack: StackFile): string {
  const { gatewayUrl, keycloakUrl, keycloakAdmin, realm } = stack;
  return [
    "",
    `  Gateway           ${gatewayUrl}`,
    `  API page          ${gatewayUrl}/openapi`,
    `  Keycloak console  ${keycloakUrl}/admin/master/console/#/${realm}`,
    `                    login ${keycloakAdmin.username}, password ${keycloakAdmin.password}`,
    `  Operator's tool   npx --yes bun@${Bun.version} run authctl --help`,
    "  Logs              .dev/gateway.log, .dev/keycloak.log, .dev/postgres.log",
    "",
    "  Try it, one line after the other:",
    "",
    ...curlLines(gatewayUrl).flatMap((line) => [line, ""]),
    "  Ctrl-C stops everything and keeps the data; `--fresh` at the next start wipes it.",
    "",
  ].join("\n");
}

/** What `stack` ends with: the variables for a gateway run by hand. */
export function stackScreen(stack: StackFile): string {
  const { keycloakUrl, keycloakAdmin, realm } = stack;
  const variables = gatewayEnvironment(stack, PREFERRED_PORTS.gateway.port);
  return [
    "",
    `  Keycloak console  ${keycloakUrl}/admin/master/console/#/${realm}`,
    `                    login ${keycloakAdmin.username}, password ${keycloakAdmin.password}`,
    "",
    "  Environment of a gateway on this stack (apps/api-gateway/src/main.ts):",
    "",
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    "",
    "  Ctrl-C stops everything and keeps the data.",
    "",
  ].join("\n");
}
