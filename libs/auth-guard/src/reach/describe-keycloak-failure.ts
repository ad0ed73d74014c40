import { type AuthError, isAuthError } from "@libs/problems";
import { diagnoseKeycloak } from "./diagnose-keycloak.ts";

/**
 * The call that failed, for {@link describeKeycloakFailure}.
 * @see {@link describeKeycloakFailure}
 */
export interface FailedKeycloakCall {
  /** `KEYCLOAK_URL`. */
  url: string;
  realm: string;
  /** Who called: an administrator of `master`, or the gateway's own client. */
  as: "administrator" | "client";
}

/**
 * Why Keycloak refused or did not answer a call, and what to do: for the end of a command. Credentials are not sent
 * again, since two failures within a second lock an account.
 * @param error what the call threw
 * @returns one sentence without secrets; undefined where the error says it better
 * @example
 * ```ts
 * import { describeKeycloakFailure, type FailedKeycloakCall } from "@libs/auth-guard/reach";
 * import { readIssuer } from "@libs/auth-guard/keycloak";
 *
 * const call: FailedKeycloakCall = { url: "http://keycloak:8080", realm: "app", as: "client" };
 * await readIssuer(call).catch(async (error) => {
 *   console.error((await describeKeycloakFailure(error, call)) ?? error);
 * });
 * ```
 */
export async function describeKeycloakFailure(
  error: unknown,
  { url, realm, as }: FailedKeycloakCall,
): Promise<string | undefined> {
  const isAway = isAuthError(error, "keycloak.unavailable", "keycloak.timeout");
  if (!isAway && !isAuthError(error, "keycloak.misconfigured", "keycloak.forbidden", "internal.error"))
    return undefined;
  const isToken = operationOf(error) === "admin_token";
  // Where the realm answers now, the error itself says more.
  if (isAway || (isToken && statusOf(error) === 404))
    return await diagnoseKeycloak({ url, realm: as === "administrator" ? "master" : realm });
  if (isToken) return as === "administrator" ? refusedAdministrator(error) : refusedClient(error, realm);
  if (statusOf(error) === 403) return lacksRights(as, realm);
  if (statusOf(error) === 400 && operationOf(error) === "create_realm")
    return `Keycloak does not take "${realm}" as the name of a realm: use letters, digits, - and _ in KEYCLOAK_REALM.`;
  return undefined;
}

const operationOf = ({ internal = "" }: AuthError) => internal.split(":")[0];
const statusOf = ({ internal = "" }: AuthError) => Number(/HTTP (\d+)/.exec(internal)?.[1]);
const says = ({ internal = "" }: AuthError, text: string) => internal.includes(text);

function refusedAdministrator(error: AuthError): string | undefined {
  if (says(error, "HTTPS required"))
    return 'Keycloak\'s realm "master" demands HTTPS from here: begin KEYCLOAK_URL with https, or set its "Require SSL" to none.';
  if (says(error, "Account disabled")) return "Keycloak's administrator KEYCLOAK_ADMIN_USERNAME is disabled.";
  if (says(error, "Account is not fully set up"))
    return "Keycloak's administrator KEYCLOAK_ADMIN_USERNAME must do something at a login first (a new password, a second factor): log in to the admin console once, or name another.";
  if (says(error, "invalid_client") || says(error, "unauthorized_client"))
    return 'Keycloak\'s client "admin-cli" in realm "master" is disabled or may not take passwords: enable it, and its direct access grants.';
  if (says(error, "invalid_grant"))
    return 'Keycloak refuses KEYCLOAK_ADMIN_USERNAME with KEYCLOAK_ADMIN_PASSWORD: correct them. It is an administrator of realm "master"; KC_BOOTSTRAP_ADMIN_PASSWORD only counts at Keycloak\'s very first start.';
  return undefined;
}

function refusedClient(error: AuthError, realm: string): string | undefined {
  if (says(error, "HTTPS required"))
    return `Keycloak's realm "${realm}" demands HTTPS from here: begin KEYCLOAK_URL with https, or set KEYCLOAK_SSL_REQUIRED and run authctl realm apply.`;
  if (says(error, "service account"))
    return "Keycloak's client KEYCLOAK_CLIENT_ID has no service account: authctl realm apply switches it on.";
  if (says(error, "invalid_client") || says(error, "unauthorized_client"))
    return "Keycloak refuses KEYCLOAK_CLIENT_ID with KEYCLOAK_CLIENT_SECRET: correct them (Clients, Credentials in the admin console), or see that the client is enabled.";
  return undefined;
}

function lacksRights(as: FailedKeycloakCall["as"], realm: string): string {
  return as === "administrator"
    ? `Keycloak's administrator KEYCLOAK_ADMIN_USERNAME may not manage realm "${realm}": give it the role "admin" of realm "master", or "create-realm" and the roles of client "${realm}-realm".`
    : "The client's service account lacks a role: authctl realm apply gives it.";
}
