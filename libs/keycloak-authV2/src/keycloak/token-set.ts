import { AuthError } from "@libs/problems";
import { z } from "zod";
import type { SessionTokenSet } from "../ports/ports.ts";

const schema = z.object({
  access_token: z.string().min(1),
  expires_in: z.number(),
  refresh_token: z.string().min(1),
  refresh_expires_in: z.number(),
  id_token: z.string().min(1).optional(),
  token_type: z.string(),
  session_state: z.string().min(1),
  scope: z.string().optional(),
  "not-before-policy": z.number().optional(),
});

/** Tokens without a refresh token: a setting of the client, or of one that it inherits. */
const withoutRefreshToken = schema.pick({ access_token: true, token_type: true });

/**
 * @throws AuthError `keycloak.misconfigured` when Keycloak gives our client no refresh tokens; `keycloak.unavailable` when
 *   a 200 carries something other than tokens
 */
export function readTokenSet(json: unknown, operation: string): SessionTokenSet {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { refresh_token: refreshToken } = (json ?? {}) as { refresh_token?: unknown };
  if (refreshToken === undefined && withoutRefreshToken.safeParse(json).success) {
    const internal = `${operation}: no refresh token: switch the client's "Use refresh tokens" on (use.refresh.tokens)`;
    throw new AuthError("keycloak.misconfigured", { internal });
  }
  const fields = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
  const internal = `${operation}: the answer is not a token set (${fields})`;
  throw new AuthError("keycloak.unavailable", { internal, answered: true });
}
