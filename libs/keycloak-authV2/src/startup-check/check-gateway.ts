import {
  checkDirectUrl,
  checkRealmPage,
  checkSchema,
  firstOfEach,
  QUICK_TIMEOUT_MS,
  type RealmPage,
} from "@libs/auth-guard/startup-check";
import type { DatabaseError } from "@libs/database";
import { type Finding, finding } from "@libs/problems/findings";
import { type ClientAccess, checkClient } from "./check-client.ts";
import { checkKeyRing } from "./check-key-ring.ts";
import { checkOwnSubject } from "./check-own-subject.ts";
import { checkOwnToken } from "./check-own-token.ts";
import { checkRights } from "./check-rights.ts";
import { checkServer } from "./check-server.ts";
import type { GatewayCheckOptions } from "./gateway-check-options.ts";
import { GATEWAY_RIGHTS } from "./gateway-rights.ts";
import { PersonTokens } from "./person-tokens.ts";

/**
 * Whether a gateway of this configuration can do its work: what the doctor sees in a moment. Seven calls to
 * Keycloak and three statements, most of them side by side; changes nothing.
 * @param options as the gateway has them; times in milliseconds
 * @returns empty: nothing is wrong
 * @see {@link GatewayCheckOptions}
 */
export async function checkGateway(options: GatewayCheckOptions): Promise<Finding[]> {
  const [{ findings }, stores, direct] = await Promise.all([
    checkKeycloak(options),
    checkStores(options),
    checkDirectUrl(options),
  ]);
  return firstOfEach([...findings, ...stores, ...direct]);
}

/**
 * The same of Keycloak alone.
 * @returns `token`: the client's own, null where it got none; `issuer`: what tokens must name, null where nobody says
 */
export async function checkKeycloak(
  options: Pick<
    GatewayCheckOptions,
    "keycloak" | "readsEvents" | "personTokens" | "serverFeatures" | "serverVersion" | "timeoutMs" | "now"
  >,
): Promise<Pick<ClientAccess, "findings" | "token"> & Pick<RealmPage, "issuer">> {
  const { keycloak, readsEvents, timeoutMs = QUICK_TIMEOUT_MS, now = Date.now } = options;
  const { personTokens = new PersonTokens() } = options;
  // Asked beside the first calls: what comes of it is awaited below.
  options.serverFeatures?.current().catch(() => {});
  const [page, access] = await Promise.all([
    checkRealmPage(keycloak, timeoutMs),
    checkClient(keycloak, timeoutMs, now),
  ]);
  const server = { ...options, timeoutMs };
  const [own, rights, subject, version] = await Promise.all([
    page.issuer === null ? [] : checkOwnToken({ ...keycloak, issuer: page.issuer }, access, { timeoutMs, now }),
    access.token ? checkRights(keycloak, access.token.value, { readsEvents, timeoutMs }) : [],
    access.token ? checkOwnSubject(keycloak, access.token.value, timeoutMs) : [],
    access.token ? checkServer(keycloak, access.token.value, server) : [],
  ]);
  const lacksBasic = access.lacksBasic && page.scopes.includes("basic");
  // Where no realm of Keycloak's answers, the rest follows from that.
  const blocked = page.findings.some(({ code }) => code !== "keycloak.issuer_mismatch");
  if (blocked) return { findings: page.findings, token: null, issuer: page.issuer };
  // Keycloak refuses a token that it can't read, too: then nothing is wrong with the moment from which tokens count.
  const unreadable = own.some(({ code }) => code === "client.token_refused");
  const allowed = rights.filter(({ code }) => !(unreadable && code === "realm.not_before_future"));
  return {
    findings: firstOfEach([
      ...[...page.findings, ...access.findings, ...own, ...allowed, ...subject, ...version],
      ...personTokens.findings(lacksBasic),
    ]),
    token: access.token,
    issuer: page.issuer,
  };
}

async function checkStores(options: GatewayCheckOptions): Promise<Finding[]> {
  const { storedTokens, tokenEncryptionKeys, now = Date.now } = options;
  const { findings, usable } = await checkSchema(options, { rights: GATEWAY_RIGHTS });
  const keys = checkKeyRing(usable ? storedTokens : null, tokenEncryptionKeys, now);
  // The database has just answered: that it went away since is the next check's matter.
  return [...findings, ...(await keys.catch((error: DatabaseError) => [finding("database.unreachable", error.name)]))];
}
