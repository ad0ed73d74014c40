import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import { getJson } from "@libs/auth-guard/keycloak";
import { isOutage, noAnswer } from "@libs/auth-guard/startup-check";
import { type Finding, finding } from "@libs/problems/findings";
import { keycloakEndpoints } from "../keycloak/index.ts";
import { readClaims } from "../services/shared/token-times.ts";

/**
 * What the service account is really allowed: by asking, not by the roles in its token. A realm with fine-grained
 * permissions allows the same without the roles.
 * @param readsEvents whether events are among what it has to read
 */
export async function checkRights(
  keycloak: KeycloakOptions,
  token: string,
  { readsEvents, timeoutMs }: { readsEvents: boolean; timeoutMs: number },
): Promise<Finding[]> {
  const { base } = keycloakEndpoints(keycloak);
  const api = `${base}/admin/realms/${encodeURIComponent(keycloak.realm)}`;
  const get = (path: string) => getJson(`${api}${path}`, timeoutMs, { authorization: `Bearer ${token}` });
  try {
    const [users, events] = await Promise.all([
      mayManageUsers(get, keycloak.clientId, token),
      readsEvents ? get("/events/config").then(({ status }) => verdict(status)) : "allowed",
    ]);
    if (users === "away" || events === "away")
      return [finding("keycloak.unreachable", "the admin API does not answer")];
    if (users === "void" || events === "void")
      return [finding("realm.not_before_future", "of the realm, the client, or its service account")];
    const missing = [
      ...(users === "refused" ? ["manage-users"] : []),
      ...(events === "refused" ? ["view-events"] : []),
    ];
    return missing.length > 0 ? [finding("service_account.role_missing", missing.join(", "))] : [];
  } catch (error) {
    return [noAnswer(error)];
  }
}

/** `void`: Keycloak refuses a token that it has issued a moment ago. */
type Verdict = "allowed" | "refused" | "away" | "void";
type Get = (path: string) => ReturnType<typeof getJson>;

/** Keycloak says of each user that it shows what the caller may do with it. */
async function mayManageUsers(get: Get, clientId: string, token: string): Promise<Verdict> {
  const { sub } = (readClaims(token) ?? {}) as { sub?: string };
  const byId = sub === undefined ? undefined : await get(`/users/${encodeURIComponent(sub)}`);
  // The subject of a token may be a pseudonym of the user's id.
  if (byId && byId.status !== 404) return accessOf(byId.status, byId.json);
  const name = encodeURIComponent(`service-account-${clientId.toLowerCase()}`);
  const { status, json } = await get(`/users?username=${name}&exact=true&max=1&briefRepresentation=true`);
  // An empty list proves nothing: with fine-grained permissions it can be the list's own limit.
  return accessOf(status, Array.isArray(json) ? json[0] : undefined);
}

function accessOf(status: number, user: object | undefined): Verdict {
  const { access } = (user ?? {}) as { access?: { manage?: unknown } };
  return access?.manage === false ? "refused" : verdict(status);
}

function verdict(status: number): Verdict {
  if (isOutage(status)) return "away";
  if (status === 401) return "void";
  return status === 403 ? "refused" : "allowed";
}
