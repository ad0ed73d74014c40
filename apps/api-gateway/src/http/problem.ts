import type { AuthError } from "@libs/keycloak-authV2/errors";
import { type AuthErrorCode, catalogue } from "@libs/keycloak-authV2/errors";
import { z } from "zod";

/** An error's answer (RFC 9457). `code` is the stable part that programs switch on. */
export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    actionUrl: z.string().optional(),
  })
  .describe("Problem details (RFC 9457) with a stable code.");

export type Problem = z.infer<typeof problemSchema>;

/** The answer to a caller: the catalogue's public texts, never a submitted value, never an internal text. */
export function problemResponse(error: AuthError, requestId: string, headers: Record<string, string> = {}): Response {
  const { status, title, hint, retryAfterSeconds } = error.entry;
  const problem: Problem = {
    type: `urn:problem-type:${error.code}`,
    title,
    status,
    code: error.code,
    detail: hint,
    requestId,
    ...(error.errors && { errors: error.errors }),
    ...(error.actionUrl && { actionUrl: error.actionUrl }),
  };
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
      // RFC 9110 §15.5.2: a 401 names a scheme.
      ...(status === 401 && { "www-authenticate": "Bearer" }),
      ...headers,
    },
  });
}

/** The problem schema under every status that the given codes have: a route's declaration of what can go wrong. */
export function problemsOf<const Code extends AuthErrorCode>(...codes: Code[]) {
  type Status = (typeof catalogue)[Code]["status"];
  const statuses = [...new Set(codes.map((code) => catalogue[code].status))];
  return Object.fromEntries(statuses.map((status) => [status, problemSchema])) as Record<Status, typeof problemSchema>;
}
