import { checkRealmPage, firstOfEach, QUICK_TIMEOUT_MS } from "@libs/auth-guard/startup-check";
import type { Finding } from "@libs/problems/findings";
import { readClaims } from "../services/shared/token-times.ts";
import { checkClient } from "./check-client.ts";
import { checkOwnSubject } from "./check-own-subject.ts";
import { checkOwnToken, type OwnTokenClaims } from "./check-own-token.ts";
import { checkRights } from "./check-rights.ts";
import { checkServer } from "./check-server.ts";
import type { GatewayCheckOptions } from "./gateway-check-options.ts";
import { PersonTokens } from "./person-tokens.ts";

/**
 * What {@link checkKeycloak} found.
 * @see {@link checkKeycloak}
 */
export interface KeycloakCheck {
  /** Empty: nothing is wrong. */
  findings: Finding[];
  /** Of the client's own access token; null: it got none. */
  token: { claims: OwnTokenClaims; expiresInSeconds: number } | null;
  /** What tokens must name; null: nobody says. */
  issuer: string | null;
}

/**
 * The part of `checkGateway` that concerns Keycloak alone.
 * @param options as the gateway has them; times in milliseconds
 * @example
 * ```ts
 * import { checkKeycloak, type KeycloakCheck, type OwnTokenClaims } from "@libs/keycloak-authV2/startup-check";
 *
 * const clientSecret = process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const { findings, issuer, token }: KeycloakCheck = await checkKeycloak({
 *   keycloak: { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret },
 *   readsEvents: true,
 * });
 * for (const { severity, what, todo } of findings) console.log(severity, what, todo);
 * const claims: OwnTokenClaims | undefined = token?.claims;
 * console.log(`tokens of ${issuer}, own subject ${claims?.sub}`);
 * ```
 */
export async function checkKeycloak(
  options: Pick<
    GatewayCheckOptions,
    "keycloak" | "readsEvents" | "personTokens" | "serverFeatures" | "serverVersion" | "timeoutMs" | "now"
  >,
): Promise<KeycloakCheck> {
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
      ...page.findings,
      ...access.findings,
      ...own,
      ...allowed,
      ...subject,
      ...version,
      ...personTokens.findings(lacksBasic),
    ]),
    token: access.token && {
      claims: readClaims(access.token.value) ?? {},
      expiresInSeconds: access.token.expiresInSeconds,
    },
    issuer: page.issuer,
  };
}
