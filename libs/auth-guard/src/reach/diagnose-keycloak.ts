import { keycloakUrlFault } from "./keycloak-url-fault.ts";
import { type KeycloakProbe, probeKeycloak } from "./probe-keycloak.ts";

const TIMEOUT_MS = 10_000;

/**
 * What {@link diagnoseKeycloak} asks for.
 * @see {@link diagnoseKeycloak}
 */
export interface DiagnoseKeycloakOptions {
  /** `KEYCLOAK_URL`: Keycloak's base URL, as this process dials it. */
  url: string;
  /** Whose public page is asked for. */
  realm: string;
  /** Of each call, in milliseconds; 10 000 when left out. */
  timeoutMs?: number;
}

/**
 * Asks for a realm's public page, and where that fails, finds out why: by the failure itself, and by trying the same
 * address with the other scheme and at the usual paths. No credentials are sent.
 * @param options where Keycloak is; times in milliseconds
 * @returns why Keycloak does not answer and what to do, in one sentence; undefined when the realm answers
 * @example
 * ```ts
 * import { type DiagnoseKeycloakOptions, diagnoseKeycloak } from "@libs/auth-guard/reach";
 *
 * const options: DiagnoseKeycloakOptions = { url: "http://keycloak:8080", realm: "app", timeoutMs: 5000 };
 * const problem = await diagnoseKeycloak(options);
 * if (problem !== undefined) console.error(problem);
 * ```
 */
export async function diagnoseKeycloak(options: DiagnoseKeycloakOptions): Promise<string | undefined> {
  const { url, realm, timeoutMs = TIMEOUT_MS } = options;
  const fault = keycloakUrlFault(url);
  if (fault) return fault;
  const base = url.replace(/\/+$/, "");
  const probe = (address: string) => probeKeycloak(address, realm, timeoutMs);
  const first = await probe(base);
  switch (first.kind) {
    case "realm":
      return undefined;
    case "no_realm":
      return `Keycloak at ${base} has no realm "${realm}": correct KEYCLOAK_REALM, or create it (authctl realm apply).`;
    case "redirect":
      return redirected(base, realm, first.to);
    case "failed":
      return await notReached(base, first.code, probe);
    case "other":
      return await notKeycloak(base, first, probe);
  }
}

type Probe = (base: string) => Promise<KeycloakProbe>;

const setTo = (base: string) => `set KEYCLOAK_URL to ${base}.`;
const isKeycloak = ({ kind }: KeycloakProbe) => kind === "realm" || kind === "no_realm";

function redirected(base: string, realm: string, to: string): string {
  const target = URL.canParse(to, base) ? new URL(to, base).href : "";
  const path = `/realms/${encodeURIComponent(realm)}`;
  const end = target.indexOf(path);
  const advice = end > 0 ? setTo(target.slice(0, end)) : "point KEYCLOAK_URL at Keycloak itself.";
  return `${base} sends every call elsewhere (a redirect), and Keycloak's calls are not redirected: ${advice}`;
}

async function notReached(base: string, code: string, probe: Probe): Promise<string> {
  const { hostname, host, port, protocol } = new URL(base);
  const at = port ? host : `${host}:${protocol === "https:" ? 443 : 80}`;
  if (code === "ECONNREFUSED" || code === "ConnectionRefused")
    return `Nothing listens at ${at}: start Keycloak, or correct host and port in KEYCLOAK_URL.`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `The host "${hostname}" of KEYCLOAK_URL is unknown: correct its name, or the DNS.`;
  if (code === "TIMEOUT" || code === "ETIMEDOUT")
    return `Keycloak at ${at} does not answer in time: correct host and port in KEYCLOAK_URL, or check its load and that no firewall is in between.`;
  if (isCertificateFault(code))
    return `The certificate of ${at} is not trusted (${code}): name its CA in NODE_EXTRA_CA_CERTS, and the host in KEYCLOAK_URL as the certificate does.`;
  const other = protocol === "https:" ? base.replace(/^https/i, "http") : base.replace(/^http/i, "https");
  const answer = await probe(other);
  const spoken = answer.kind !== "failed" || isCertificateFault(answer.code);
  if (protocol === "https:" && spoken)
    return `${at} does not speak TLS on this port, and KEYCLOAK_URL begins with https: use its TLS port, or ${setTo(other)}`;
  if (protocol === "http:" && spoken)
    return `${at} speaks TLS on this port, and KEYCLOAK_URL begins with http: ${setTo(other)}`;
  return `What listens at ${at} is not a web server, or it ended the connection (${code}): correct host and port in KEYCLOAK_URL.`;
}

/** @see https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/ */
function isCertificateFault(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ALTNAME/.test(code);
}

async function notKeycloak(base: string, found: { status: number; body: string }, probe: Probe): Promise<string> {
  const { status, body } = found;
  if (status === 400 && /plain HTTP|https? port|TLS/i.test(body))
    return `${base} speaks TLS on this port: ${setTo(base.replace(/^http:/i, "https:"))}`;
  if (status >= 500)
    return `${base} answers HTTP ${status}: Keycloak fails, or the proxy there does not reach it. See its log.`;
  if (status === 401 || status === 403)
    return `${base} answers HTTP ${status}: a proxy in front of Keycloak refuses its public pages. Let /realms/ through, or set KEYCLOAK_URL to Keycloak itself.`;
  for (const other of otherPaths(base)) if (isKeycloak(await probe(other))) return atOtherPath(base, other);
  const { port } = new URL(base);
  const management = port === "9000" ? " Port 9000 is Keycloak's management port; its own is 8080 or 8443." : "";
  return `What answers at ${base} is not Keycloak (HTTP ${status}): correct host, port and path in KEYCLOAK_URL.${management}`;
}

/** Before a part of one of Keycloak's own addresses; the usual path of old (`/auth`); none. */
function otherPaths(base: string): string[] {
  const { origin, pathname } = new URL(base);
  const before = /^(.*?)\/(realms|admin|resources)(\/|$)/.exec(pathname)?.[1];
  const paths = [...(before === undefined ? [] : [before]), "/auth", "", "/keycloak"];
  return [...new Set(paths.map((path) => `${origin}${path}`))].filter((other) => other !== base);
}

function atOtherPath(base: string, other: string): string {
  const what = other.length > base.length ? "lacks Keycloak's path" : "has a path that is not Keycloak's";
  return `KEYCLOAK_URL ${what}: ${setTo(other)}`;
}
