/**
 * A realm role as guards name it: its own name, and one that has a colon with another in front (`:reports:read`), because
 * `reports:read` is the role `read` of the client `reports`.
 * @param name as Keycloak has it
 * @see {@link clientRole}
 */
export const realmRole = (name: string): string => (name.includes(":") ? `:${name}` : name);

/**
 * A client's role as guards name it: `client:role`. In the client's id colons are written `%3A` and percent signs `%25`, so
 * that the first colon always ends it; the role's name is as Keycloak has it, colons included.
 * @param role its name in Keycloak
 * @param clientId as Keycloak has it
 * @example
 * ```ts
 * import { clientRole, realmRole, type RouteGuard } from "@libs/auth-guard";
 *
 * export const readReports: RouteGuard = { roles: [realmRole("reports:read"), clientRole("reporting", "read")] };
 * ```
 */
export const clientRole = (clientId: string, role: string): string => `${escaped(clientId)}:${role}`;

/** A role by its parts; `clientId` null: a realm role. */
export interface RoleParts {
  clientId: string | null;
  role: string;
}

/** The role that {@link realmRole} or {@link clientRole} has named. */
export function partsOfRole(name: string): RoleParts {
  const colon = name.indexOf(":");
  if (colon === -1) return { clientId: null, role: name };
  const role = name.slice(colon + 1);
  return colon === 0 ? { clientId: null, role } : { clientId: unescaped(name.slice(0, colon)), role };
}

const escaped = (id: string): string => id.replaceAll("%", "%25").replaceAll(":", "%3A");
const unescaped = (id: string): string => id.replaceAll("%3A", ":").replaceAll("%25", "%");
