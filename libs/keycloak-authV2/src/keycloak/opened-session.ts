import { decodeJwt } from "jose";
import type { OpenedSession } from "../ports/ports.ts";

const TOKENS = ["access_token", "refresh_token", "id_token"] as const;

/**
 * The session that an answer of Keycloak's token endpoint is about, however little else is right about it: by
 * `session_state`, or by the `sid` of any of its tokens. Nothing is verified: it is Keycloak's own answer to us.
 * @param json the parsed body of a 200
 * @returns undefined when nothing names a session
 */
export function openedSession(json: Record<string, unknown> | undefined): OpenedSession | undefined {
  const claims = TOKENS.map((name) => claimsOf(json?.[name]));
  const keycloakSessionId = [json?.session_state, ...claims.map(({ sid }) => sid)].find(isText);
  if (keycloakSessionId === undefined) return undefined;
  const refreshToken = isText(json?.refresh_token) ? json.refresh_token : null;
  return { keycloakSessionId, userId: claims.map(({ sub }) => sub).find(isText) ?? null, refreshToken };
}

function claimsOf(token: unknown): { sid?: unknown; sub?: unknown } {
  try {
    return isText(token) ? decodeJwt(token) : {};
  } catch {
    return {};
  }
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
