import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import { isOutage, noAnswer } from "@libs/auth-guard/startup-check";
import type { FindingCode } from "@libs/problems/findings";
import { type Finding, finding } from "@libs/problems/findings";
import { type FormAnswer, postForm } from "../keycloak/calls/post-form.ts";
import { clientCredentials, keycloakEndpoints } from "../keycloak/index.ts";

export interface ClientAccess {
  findings: Finding[];
  /** Our client's own access token; null: it got none. */
  token: { value: string; expiresInSeconds: number } | null;
  /** Between which moments of this machine's clock it was issued. Milliseconds since the epoch. */
  asked: { from: number; to: number };
  /** The client has the client scope `basic` neither as a default nor as optional; which of the two does not show. */
  lacksBasic: boolean;
}

/**
 * Whether Keycloak lets the gateway's client in, and lets it log people in. No one is named to be logged in, and no
 * password is hashed; it leaves one `LOGIN_ERROR` event.
 * @param now this machine's clock, in milliseconds since the epoch
 */
export async function checkClient(
  keycloak: KeycloakOptions,
  timeoutMs: number,
  now: () => number,
): Promise<ClientAccess> {
  const { token: url } = keycloakEndpoints(keycloak);
  const credentials = clientCredentials(keycloak);
  const from = now();
  try {
    // Keycloak refuses the second for want of a username, and before that where the client may not ask at all.
    const login = postForm(url, { grant_type: "password", scope: "basic", ...credentials }, timeoutMs, {
      connection: "own",
    });
    login.catch(() => {});
    const own = await postForm(url, { grant_type: "client_credentials", ...credentials }, timeoutMs, {
      connection: "own",
    });
    const asked = { from, to: now() };
    const refused = own.status === 200 ? undefined : refusal(own);
    const attempt = await login;
    const grant = refused === undefined || ABOUT_ACCOUNT.has(refused.code) ? grantProblem(attempt) : undefined;
    return {
      findings: [refused, grant].filter((found) => found !== undefined),
      token: readToken(own),
      asked,
      lacksBasic: attempt.json?.error === "invalid_scope",
    };
  } catch (error) {
    return { findings: [noAnswer(error)], token: null, asked: { from, to: now() }, lacksBasic: false };
  }
}

/** Of the client's own account: its logins of people are another matter. */
const ABOUT_ACCOUNT: ReadonlySet<FindingCode> = new Set([
  "client.service_account_off",
  "service_account.disabled",
  "client.public",
]);

/** By Keycloak's descriptions, which are not shown. */
const REFUSALS: [RegExp, FindingCode][] = [
  [/^HTTPS required/i, "keycloak.https_required"],
  [/^Realm not enabled/i, "keycloak.realm_disabled"],
  [/^Bearer-only/i, "client.bearer_only"],
  [/^Public client/i, "client.public"],
  [/^(Client not enabled to retrieve service account|The associated service account)/i, "client.service_account_off"],
  [/^User '.*' disabled/i, "service_account.disabled"],
  [/^Wrong client protocol/i, "client.protocol"],
  [/client_assertion|certificate|jwt/i, "client.authenticator"],
];

function refusal({ status, json }: FormAnswer): Finding {
  if (isOutage(status)) return finding("keycloak.unreachable", `HTTP ${status}`);
  if (json === undefined) return finding("keycloak.not_keycloak", `HTTP ${status}, not a token`);
  if (json.error === "Realm does not exist") return finding("keycloak.realm_missing");
  const description = String(json.error_description ?? "");
  const known = REFUSALS.find(([pattern]) => pattern.test(description));
  if (known) return finding(known[1]);
  const key = typeof json.error === "string" && /^[\w.-]{1,60}$/.test(json.error) ? json.error : "no error key";
  // Keycloak describes both alike, and names them apart.
  if (key === "invalid_client" && status === 401) return finding("client.unknown");
  if (key === "unauthorized_client" && status === 401) return finding("client.refused");
  return finding("client.refused", `HTTP ${status} ${key}`);
}

/** A client that may not ask is refused before anything else is checked. */
function grantProblem({ json }: FormAnswer): Finding | undefined {
  const description = String(json?.error_description ?? "");
  if (json?.error === "unauthorized_client" && /direct access/i.test(description))
    return finding("client.password_grant_off");
  if (/requires user consent/i.test(description)) return finding("client.consent_required");
  if (/password credentials grant is prohibited/i.test(description))
    return finding("client.password_grant_off", "by a client policy");
  return undefined;
}

function readToken({ status, json }: FormAnswer): ClientAccess["token"] {
  const { access_token: value, expires_in: seconds } = json ?? {};
  const isToken = status === 200 && typeof value === "string" && typeof seconds === "number";
  return isToken ? { value, expiresInSeconds: seconds } : null;
}
