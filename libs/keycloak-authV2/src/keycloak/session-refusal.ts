import { AuthError } from "@libs/problems";
import { descriptionOf, errorKeyOf, generalRefusal, misconfigurationOf } from "./calls/general-refusal.ts";
import type { FormAnswer } from "./calls/post-form.ts";

/** Keycloak's fixed words, which a log may have; others might quote a token. */
const KNOWN_REASONS = [
  "Token is not active",
  "Session not active",
  "Offline session not active",
  "Client session not active",
  "User disabled",
  "Session doesn't have required client",
  "Offline user session not found",
  "Offline session invalid because offline access not granted anymore",
  "Refresh token issued before the user session started",
  "refresh token issued before the client session started",
  "Maximum allowed refresh token reuse exceeded",
  "Client no longer has requested consent from user",
  "Stale token",
  "Invalid refresh token",
];

/** Said of a token that was signed by Keycloak and replaced since, in realms that rotate. */
const REPLACED = new Set(["Maximum allowed refresh token reuse exceeded", "Stale token"]);

/**
 * What a refused refresh token means, at the token endpoint and at logout: the session is over, unless the refusal is
 * about our client or realm (its hostname or the client's id changed, for example): then the session stays.
 * @param operation the name that logs and metrics use
 */
export function sessionRefusal(answer: FormAnswer, operation: string): AuthError {
  const { status } = answer;
  const key = errorKeyOf(answer);
  const description = descriptionOf(answer);
  // The person has taken the consent back: no other error of that key is about a session.
  const consentGone = key === "invalid_scope" && description.startsWith("Client no longer has requested consent");
  const isRefused = (status === 400 || status === 401) && (key === "invalid_grant" || consentGone);
  if (!isRefused || misconfigurationOf(answer)) return generalRefusal(answer, operation);
  const reason = KNOWN_REASONS.find((known) => description.startsWith(known)) ?? "invalid_grant";
  return new AuthError("session.refused", { internal: `${operation}: ${reason}`, replaced: REPLACED.has(reason) });
}
