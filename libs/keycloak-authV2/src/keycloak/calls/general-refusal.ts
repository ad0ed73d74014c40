import { AuthError } from "@libs/problems";
import type { FormAnswer } from "./post-form.ts";

/** What Keycloak writes where it refuses our client or realm, and what an operator makes of it. */
const REASONS: ReadonlyArray<readonly [text: string, meaning: string]> = [
  [
    "Invalid client or Invalid client credentials",
    "the client is unknown or disabled, or its secret differs: check KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET",
  ],
  ["Client not allowed for direct access grants", "the client may not log users in: switch direct access grants on"],
  ["Client requires user consent", "the client asks for consent, which this login can't show: switch it off"],
  ["Client not enabled to retrieve service account", "the client has no service account: switch it on"],
  ["resource owner password credentials grant is prohibited", "a client policy of the realm forbids this login"],
  ["Realm not enabled", "the realm is disabled"],
  ["Realm does not exist", "there is no such realm: check KEYCLOAK_REALM"],
  ["Unable to find matching target resource method", "KEYCLOAK_URL has a wrong path"],
  ["HTTPS required", "Keycloak requires HTTPS from here (sslRequired)"],
  ["Invalid origin", "the request had an Origin header, which a proxy must have added"],
  ["Invalid scopes", "the client has no such scope"],
  ["Parameter client_assertion_type is missing", "Keycloak expects the client to sign a token instead of a secret"],
  ["DPoP proof is missing", "the client is set to DPoP, which is not supported"],
  ["Client Certification missing", "the client is set to certificate-bound tokens, which are not supported"],
  ["Client certificate missing", "the client is set to certificate-bound tokens, which are not supported"],
  ["X509 client certificate is missing", "the direct grant flow asks for a client certificate"],
  ["Invalid token issuer", "Keycloak's issuer has changed: set its hostname back"],
  ["Invalid refresh token. Token client and authorized client don't match", "KEYCLOAK_CLIENT_ID has changed"],
  ["Unmatching clients", "KEYCLOAK_CLIENT_ID has changed"],
];

/** What an internal text may quote: Keycloak's own words, with nothing of what was sent. */
const QUOTABLE = [...REASONS.map(([text]) => text), "Account disabled", "Account is not fully set up"];

/** A proxy's way to say that Keycloak is away or busy, beside every 5xx. */
const BUSY: ReadonlySet<number> = new Set([408, 425, 429]);

/** @returns the error key of an answer that is Keycloak's: a word, but for some that are prose */
export function errorKeyOf({ json }: FormAnswer): string | undefined {
  const key = json?.error;
  return typeof key === "string" ? key : undefined;
}

/** @returns Keycloak's `error_description`; for comparison only: it may quote what was sent */
export const descriptionOf = ({ json }: FormAnswer): string => String(json?.error_description ?? "");

/** @returns what a refusal of our client or realm means; undefined for a text that is not one of those */
export function misconfigurationOf(answer: FormAnswer): string | undefined {
  return REASONS.find(([text]) => isSaid(answer, text))?.[1];
}

const isSaid = (answer: FormAnswer, text: string): boolean =>
  descriptionOf(answer).startsWith(text) || errorKeyOf(answer)?.startsWith(text) === true;

function quote(answer: FormAnswer): string {
  const key = errorKeyOf(answer);
  const words = QUOTABLE.find((text) => isSaid(answer, text));
  return `${key !== undefined && /^[\w.-]{1,60}$/.test(key) ? ` ${key}` : ""}${words ? ` (${words})` : ""}`;
}

/**
 * What any answer other than the expected one means where it is not about a person: our client or realm, an outage, or
 * something in between that is not Keycloak. The internal text names the cause, and quotes fixed words alone.
 * @param operation the name that logs and metrics use
 */
export function generalRefusal(answer: FormAnswer, operation: string): AuthError {
  const { status, page } = answer;
  const key = errorKeyOf(answer);
  const said = `${operation}: HTTP ${status}${quote(answer)}`;
  if (BUSY.has(status) || status > 500) return new AuthError("keycloak.unavailable", { internal: said });
  // Its own 500 is about what was asked: a broken step of the flow, a user storage that is away. Others may fare better.
  if (status === 500) {
    return new AuthError("keycloak.unavailable", { internal: said, answered: page || key !== undefined });
  }
  if (status >= 400) {
    const isKeycloak = page || key !== undefined;
    const why = isKeycloak
      ? misconfigurationOf(answer)
      : "not a response from Keycloak: check KEYCLOAK_URL and proxies";
    return new AuthError("keycloak.misconfigured", { internal: why ? `${said}: ${why}` : said });
  }
  if (page) {
    const internal = `${said}, a page: the direct grant flow has a step that only a browser can do`;
    return new AuthError("keycloak.misconfigured", { internal });
  }
  return new AuthError("keycloak.unavailable", { internal: `${said}, not a response from Keycloak`, answered: true });
}
