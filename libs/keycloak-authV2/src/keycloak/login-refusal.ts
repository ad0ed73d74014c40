import { AuthError } from "@libs/problems";
import { descriptionOf, errorKeyOf, generalRefusal, misconfigurationOf } from "./calls/general-refusal.ts";
import type { FormAnswer } from "./calls/post-form.ts";

/** OAuth's words for a person who must do something that this way of logging in can't show. */
const NEEDS_A_PERSON: ReadonlySet<string> = new Set([
  "interaction_required",
  "login_required",
  "consent_required",
  "unmet_authentication_requirements",
]);

/**
 * What a refused password grant means: about the person (`auth.*`), our client or realm, or an outage. Judged by status,
 * error key and description; a page counts as what its status says, if it is Keycloak's own.
 *
 * Keycloak 26.7 answers a wrong password, an unknown, locked or disabled user with 400 `invalid_grant` (401 up to 26.5), a
 * flow that denies with a page of 401, one that limits sessions with a page of 403. Steps that others wrote choose for
 * themselves.
 * @param operation the name that logs and metrics use
 * @param actionUrl where a pending action can be done
 */
export function loginRefusal(answer: FormAnswer, operation: string, actionUrl: string): AuthError {
  const { status, page, challenge } = answer;
  const key = errorKeyOf(answer);
  const said = `${operation}: HTTP ${status}`;
  if (page && status >= 400 && status < 500) {
    if (challenge) return generalRefusal(answer, operation);
    const code = status === 403 ? "auth.session_limit" : "auth.denied";
    return new AuthError(code, { internal: `${said}: the realm's direct grant flow denies` });
  }
  if (key === undefined || status < 400 || status >= 500) return generalRefusal(answer, operation);
  if (NEEDS_A_PERSON.has(key)) return new AuthError("auth.action_required", { internal: `${said} ${key}`, actionUrl });
  if (misconfigurationOf(answer)) return generalRefusal(answer, operation);
  const description = descriptionOf(answer);
  switch (key) {
    case "invalid_grant":
      if (description === "Account is not fully set up") return new AuthError("auth.action_required", { actionUrl });
      // Wrong, unknown, locked and disabled are one answer for the caller.
      return new AuthError("auth.invalid_credentials");
    case "access_denied":
      return new AuthError("auth.denied", { internal: `${said} ${key}` });
    case "not_allowed":
      return new AuthError("auth.denied", { internal: `${said} ${key}: the person lacks the role offline_access` });
    case "conflict":
      return new AuthError("auth.invalid_credentials", { internal: `${said} ${key}: several users have this email` });
    default:
      // So an ambiguous email was refused before.
      if (description === "Invalid user credentials") return new AuthError("auth.invalid_credentials");
      return generalRefusal(answer, operation);
  }
}
