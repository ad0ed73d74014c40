/**
 * Keycloak's message keys as rules in words. The keys are those of its `messages_en.properties` and of
 * `org.keycloak.validate`; a realm may add validators of its own, so an unknown key gets a general sentence.
 */

/** @param params as Keycloak sends them: the attribute's name first, then bounds; never shown unless a number */
export function profileRule(key: string, params: readonly unknown[]): string {
  const [min, max] = [params[1], params[2]].map((value) => (typeof value === "number" ? value : undefined));
  switch (key) {
    case "error-invalid-length":
      return `must be ${bounds(min || undefined, max)} characters long`;
    case "error-invalid-length-too-short":
      return `must be ${bounds(min, undefined)} characters long`;
    case "error-invalid-length-too-long":
      return `must be ${bounds(undefined, max)} characters long`;
    case "error-invalid-multivalued-size":
      return `must have ${bounds(min || undefined, max)} values`;
    case "error-number-out-of-range":
    case "error-number-out-of-range-too-small":
    case "error-number-out-of-range-too-big":
      return `must be ${bounds(min, max)}`;
    default:
      return PROFILE_RULES.get(key) ?? "is refused by the rules of this realm";
  }
}

function bounds(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? "within the allowed number of" : `at most ${max}`;
}

const PROFILE_RULES = new Map(
  Object.entries({
    "error-empty": "must not be empty",
    "error-invalid-blank": "must not be blank",
    "error-invalid-date": "must be a date",
    "error-invalid-email": "must be an email address",
    "error-invalid-number": "must be a number",
    "error-invalid-uri": "must be a URL",
    "error-invalid-uri-fragment": "must be a URL without a fragment",
    "error-invalid-uri-scheme": "must be a URL with a scheme that is allowed",
    "error-invalid-value": "has a value that is not allowed",
    "error-non-ascii-local-part-email": "must have only ASCII characters before the @",
    "error-pattern-no-match": "does not have the required form",
    "error-person-name-invalid-character": "contains a character that is not allowed in a name",
    "error-user-attribute-read-only": "can't be set",
    "error-user-attribute-required": "is required",
    "error-username-invalid-character": "contains a character that is not allowed in a username",
  }),
);

/** @param description Keycloak's sentence in the realm's language; at most one number is taken from it */
export function passwordRule(key: string, description: string): string {
  const rule = PASSWORD_RULES.get(key);
  if (!rule) return "breaks a rule of this realm's password policy";
  return rule.replace("{n}", boundIn(description) ?? "the required number of");
}

/** Keycloak groups the digits of its numbers as its own locale does: `1,024`, `1.024`, `1 024`, `1’024`. */
function boundIn(description: string): string | undefined {
  return /\d{1,3}(?:[.,'’\s]\d{3})+(?!\d)|\d+/.exec(description)?.[0].replace(/\D/g, "");
}

const PASSWORD_RULES = new Map(
  Object.entries({
    invalidPasswordBlacklistedMessage: "is too common",
    invalidPasswordHistoryMessage: "must differ from the last {n} passwords",
    invalidPasswordMaxLengthMessage: "must be at most {n} characters long",
    invalidPasswordMinDigitsMessage: "must contain at least {n} digits",
    invalidPasswordMinLengthMessage: "must be at least {n} characters long",
    invalidPasswordMinLowerCaseCharsMessage: "must contain at least {n} lower-case letters",
    invalidPasswordMinSpecialCharsMessage: "must contain at least {n} special characters",
    invalidPasswordMinUpperCaseCharsMessage: "must contain at least {n} upper-case letters",
    invalidPasswordNotContainsUsernameMessage: "must not contain the username",
    invalidPasswordNotEmailMessage: "must not be the email",
    invalidPasswordNotUsernameMessage: "must not be the username",
    invalidPasswordRegexPatternMessage: "does not have the required form",
  }),
);
