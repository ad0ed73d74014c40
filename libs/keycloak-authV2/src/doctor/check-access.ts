import { randomUUID } from "node:crypto";
import { isAuthError } from "../errors/index.ts";
import { keycloakEndpoints } from "../keycloak/index.ts";
import { mapError } from "../keycloak/map-error.ts";
import { type FormAnswer, postForm } from "../keycloak/post-form.ts";
import type { DoctorOptions } from "./doctor-options.ts";
import { type Finding, finding } from "./finding.ts";

export interface Access {
  findings: Finding[];
  /** Our client's own access token; null: it got none. */
  token: { value: string; expiresInSeconds: number } | null;
  /** As the realm names it; undefined: it could not be asked. */
  issuer?: string;
  /** Between which moments of this machine's clock it was issued. */
  asked: { from: number; to: number };
}

const SHORT_MS = 10_000;

/** Whether Keycloak can be reached, names the issuer that is expected, and lets the gateway's client in. */
export async function checkAccess({ keycloak, timeoutMs = SHORT_MS, now = Date.now }: DoctorOptions): Promise<Access> {
  const endpoints = keycloakEndpoints(keycloak);
  const nothing = (problem: Finding): Access => ({ findings: [problem], token: null, asked: { from: 0, to: 0 } });
  try {
    const discovery = await fetch(`${endpoints.realm}/.well-known/openid-configuration`, {
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const page = ((await discovery.json().catch(() => ({}))) ?? {}) as { issuer?: unknown; error?: unknown };
    if (discovery.status === 404) return nothing(finding("keycloak.realm_missing", keycloak.realm));
    if (discovery.status === 403) return nothing(finding(refusalOf(page)));
    if (!discovery.ok || typeof page.issuer !== "string")
      return nothing(finding("keycloak.unreachable", `HTTP ${discovery.status}, not a realm's page`));
    const findings: Finding[] = [];
    const { issuer } = page;
    // Where none is given the gateway takes the realm's word for it.
    if (keycloak.issuer !== undefined && issuer !== endpoints.issuer) {
      findings.push(finding("keycloak.issuer_mismatch", `${issuer} instead of ${endpoints.issuer}`));
    }
    const credentials = { client_id: keycloak.clientId, client_secret: keycloak.clientSecret };
    const from = now();
    const answer = await postForm(endpoints.token, { grant_type: "client_credentials", ...credentials }, timeoutMs);
    const asked = { from, to: now() };
    const problem = clientProblem(answer);
    if (problem) findings.push(finding(problem));
    if (problem === "client.refused" || problem === "keycloak.https_required")
      return { findings, token: null, issuer, asked };
    // Nobody has this name: what is asked is only whether the client may ask at all.
    const attempt = { grant_type: "password", username: `doctor-${randomUUID()}`, password: randomUUID() };
    const login = await postForm(endpoints.token, { ...attempt, ...credentials }, timeoutMs);
    if (login.json?.error === "unauthorized_client") findings.push(finding("client.password_grant_off"));
    return { findings, token: problem ? null : readToken(answer), issuer, asked };
  } catch (error) {
    const mapped = mapError(error, "doctor");
    if (!isAuthError(mapped, "keycloak.unavailable", "keycloak.timeout")) throw mapped;
    return nothing(finding("keycloak.unreachable", mapped.internal ?? mapped.code));
  }
}

function refusalOf(page: { error?: unknown }) {
  return String(page.error).includes("HTTPS") ? "keycloak.https_required" : "keycloak.realm_disabled";
}

/** Keycloak's words differ only in the description; they are not shown. */
function clientProblem({ status, json }: FormAnswer) {
  if (status === 200) return undefined;
  const description = String(json?.error_description ?? "");
  if (/HTTPS required/i.test(description)) return "keycloak.https_required";
  return /service account/i.test(description) ? "client.service_account_off" : "client.refused";
}

function readToken({ json }: FormAnswer): Access["token"] {
  const { access_token: value, expires_in: seconds } = json ?? {};
  return typeof value === "string" && typeof seconds === "number" ? { value, expiresInSeconds: seconds } : null;
}
