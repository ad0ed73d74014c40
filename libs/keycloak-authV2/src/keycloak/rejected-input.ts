import { AuthError, type FieldError } from "@libs/problems";
import { isBuiltIn } from "../ports/user-profile.ts";
import { passwordRule, profileRule } from "./realm-rules.ts";

/**
 * What Keycloak has against a user that was to be created or changed. Its answers carry message *keys* with parameters,
 * and the submitted value among them: only keys and numbers are used.
 * @param status of the answer
 * @param data its parsed body
 * @returns undefined when the answer is about something else
 */
export function readRejection(status: number, data: unknown): AuthError | undefined {
  if (status !== 409 && status !== 400) return undefined;
  const body = typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
  if (status === 409) return conflict(text(body.errorMessage));
  const key = text(body.error) || text(body.errorMessage);
  if (FAILED_WITHIN.test(key)) {
    const internal = `HTTP 400 (${key}): the cause is in Keycloak's log, a user federation that is away for example`;
    return new AuthError("keycloak.unavailable", { internal, answered: true });
  }
  if (key.startsWith("invalidPassword") || key === POLICY_UNNAMED) {
    const message = passwordRule(key, text(body.error_description));
    return new AuthError("registration.password_rejected", { errors: [{ path: "password", message }] });
  }
  const faults = Array.isArray(body.errors) ? body.errors : [body];
  return new AuthError("registration.profile_rejected", { errors: distinct(faults.map(fieldError)) });
}

/** What Keycloak answers with 400 where it failed itself: nothing that other input would mend (`UsersResource`). */
const FAILED_WITHIN = /^Could not (create|update) user!?$/;

/** Keycloak 24 does not say which rule a new user's password breaks. */
const POLICY_UNNAMED = "Password policy not met";

function conflict(message: string): AuthError {
  if (message.endsWith("same username")) return new AuthError("registration.username_taken");
  if (message.endsWith("same email")) return new AuthError("registration.email_taken");
  return new AuthError("registration.conflict");
}

function fieldError(fault: unknown): FieldError {
  const { field, errorMessage, params } = (typeof fault === "object" && fault !== null ? fault : {}) as {
    field?: unknown;
    errorMessage?: unknown;
    params?: unknown;
  };
  if (errorMessage === "User name is missing") return { path: "username", message: "is required" };
  const path = pathOf(text(field));
  return { path, message: profileRule(text(errorMessage), Array.isArray(params) ? params : []) };
}

/** Where the field stands in a body of ours. Keycloak takes letters, digits, dots, dashes and underscores for names. */
function pathOf(field: string): string {
  if (!/^[\w.-]{1,255}$/.test(field)) return "";
  return isBuiltIn(field) ? field : `attributes.${field}`;
}

/** Two validators of one field may say the same. */
function distinct(errors: FieldError[]): FieldError[] {
  return [...new Map(errors.map((error) => [`${error.path} ${error.message}`, error])).values()];
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
