const FORM = "https://id.example.com, with Keycloak's path where it has one (https://example.com/auth)";

/**
 * What is wrong with a `KEYCLOAK_URL` before anything is called.
 * @param url the setting
 * @param name the variable, for the sentence
 * @returns one sentence with what to do, without the value; undefined when nothing is
 * @example
 * ```ts
 * import { keycloakUrlFault } from "@libs/auth-guard/reach";
 *
 * const fault = keycloakUrlFault(process.env.KEYCLOAK_URL ?? "");
 * if (fault !== undefined) throw new Error(fault);
 * ```
 */
export function keycloakUrlFault(url: string, name = "KEYCLOAK_URL"): string | undefined {
  const scheme = URL.canParse(url) ? new URL(url).protocol : "";
  if (scheme !== "http:" && scheme !== "https:") {
    // `keycloak:8080` and `localhost:8080` are URLs with a scheme of that name.
    const lacksScheme = /^[\w.-]+(:\d+)?(\/|$)/.test(url) || /^\[[\da-f:]+\](:\d+)?(\/|$)/i.test(url);
    return lacksScheme
      ? `${name} lacks http:// or https:// at its beginning: expected ${FORM}.`
      : `${name} is not an http or https URL: expected ${FORM}.`;
  }
  const { username, search, hash } = new URL(url);
  if (username) return `${name} carries a user, which Keycloak does not read: expected ${FORM}.`;
  if (search || hash) return `${name} contains a ? or #: expected ${FORM}.`;
  return undefined;
}
