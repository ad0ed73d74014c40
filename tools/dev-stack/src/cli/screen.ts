import { PREFERRED_PORTS } from "../base/constants.ts";
import { DEMO_STORE } from "../demo-store.ts";
import { gatewayEnvironment } from "../gateway-environment.ts";
import type { StackFile } from "../stack-file.ts";

/** Where the lines keep the answers, tokens included; removed when the stack stops. */
export const ANSWER_FILES = [".dev/login.json", ".dev/refresh.json"] as const;
const [LOGIN, REFRESH] = ANSWER_FILES;
/** The Bun that runs this, for whoever has none. */
const RUN = `npx --yes bun@${Bun.version} run`;
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

/** Lines of shell with which somebody fills a cart in the demo store and orders it, and then may see the store's orders. */
function orderLines(gatewayUrl: string, ordersUrl: string): string[] {
  const token = '-H "authorization: Bearer $TOKEN"';
  const take = (name: string) => `sed -E 's/.*"${name}":"([^"]*)".*/\\1/'`;
  const person = '"username":"grace","password":"correct-horse-1"';
  const names = '"email":"grace@example.com","firstName":"Grace","lastName":"Hopper"';
  const cart = `${ordersUrl}/carts/$CART`;
  return [
    `curl -s ${gatewayUrl}/auth/register ${JSON_TYPE} -d '{${person},${names},"storeId":"${DEMO_STORE}"}'`,
    `TOKEN=$(curl -s ${gatewayUrl}/auth/login ${JSON_TYPE} -d '{${person}}' | ${take("access_token")})`,
    `CART=$(curl -s ${ordersUrl}/carts ${token} ${JSON_TYPE} -d '{"currency":"EUR"}' | ${take("id")})`,
    `curl -s -X PUT ${cart}/items/tea ${token} ${JSON_TYPE} -d '{"quantity":2}'`,
    `curl -s -X POST ${cart}/checkout ${token}`,
    `curl -s ${ordersUrl}/stores/${DEMO_STORE}/orders ${token}`,
    `${RUN} authctl roles define clerk --permissions orders:read,orders:write`,
    `${RUN} authctl roles grant clerk grace --store ${DEMO_STORE}`,
    `curl -s ${ordersUrl}/stores/${DEMO_STORE}/orders ${token}`,
  ];
}

/** What `orders` ends with where there is a store to try it with. */
export function ordersScreen(gatewayUrl: string, ordersUrl: string): string {
  return [
    "",
    `  Try it, one line after the other: a customer of the store "${DEMO_STORE}", who then joins its staff.`,
    "  The store's orders are refused until the role is granted; the same token sees them a moment later.",
    "",
    ...orderLines(gatewayUrl, ordersUrl).flatMap((line) => [line, ""]),
    "",
  ].join("\n");
}

/** What `start` ends with. */
export function startScreen(stack: StackFile): string {
  const { gatewayUrl, keycloakUrl, keycloakAdmin, realm } = stack;
  return [
    "",
    `  Gateway           ${gatewayUrl}`,
    `  API page          ${gatewayUrl}/openapi`,
    `  Keycloak console  ${keycloakUrl}/admin/master/console/#/${encodeURIComponent(realm)}`,
    `                    login ${keycloakAdmin.username}, password ${keycloakAdmin.password}`,
    `  Operator's tool   ${RUN} authctl --help`,
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
    `  Keycloak console  ${keycloakUrl}/admin/master/console/#/${encodeURIComponent(realm)}`,
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
