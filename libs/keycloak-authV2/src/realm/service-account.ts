import { AuthError } from "../errors/index.ts";
import type { AdminApi } from "../keycloak/admin-api.ts";
import { findClient } from "./gateway-client.ts";
import type { RealmStep } from "./realm-options.ts";

/** All that the running gateway may do in its realm. */
const GRANTED: readonly string[] = ["manage-users", "view-events"];
const REALM_MANAGEMENT = "realm-management";

/**
 * Gives the client's service account exactly {@link GRANTED} of the realm-management roles and takes back any other.
 * Full scope is off, so the same roles are mapped into the client's scope.
 */
export async function applyServiceAccount(api: AdminApi, clientUuid: string, step: RealmStep): Promise<void> {
  const { realm, clientId } = step.options;
  const management = await findClient(api, realm, REALM_MANAGEMENT);
  const user = await api.call("read_service_account", (client) =>
    client.clients.getServiceAccountUser({ realm, id: clientUuid }),
  );
  if (!management || !user.id) {
    throw new AuthError("keycloak.misconfigured", { internal: "service_account: the realm has no realm-management" });
  }
  const at = { realm, id: user.id, clientUniqueId: management.id };
  const all = await api.call("list_roles", (client) => client.clients.listRoles({ realm, id: management.id }));
  const granted = all.filter((role) => GRANTED.includes(role.name ?? ""));

  const held = await api.call("list_role_mappings", (client) => client.users.listClientRoleMappings(at));
  await write(
    granted.filter((role) => !held.some(({ id }) => id === role.id)),
    (roles) => api.call("add_role_mappings", (client) => client.users.addClientRoleMappings({ ...at, roles })),
    (name) => step.changed(`service account of ${clientId}: ${name} granted`),
  );
  await write(
    held.filter((role) => !GRANTED.includes(role.name ?? "")),
    (roles) => api.call("delete_role_mappings", (client) => client.users.delClientRoleMappings({ ...at, roles })),
    (name) => step.changed(`service account of ${clientId}: ${name} taken back`),
  );

  const scope = { realm, id: clientUuid, client: management.id };
  const scoped = await api.call("list_scope_mappings", (client) => client.clients.listClientScopeMappings(scope));
  await write(
    granted.filter((role) => !scoped.some(({ id }) => id === role.id)),
    (roles) => api.call("add_scope_mapping", (client) => client.clients.addClientScopeMappings(scope, roles)),
    (name) => step.changed(`client ${clientId}: ${name} let into its tokens`),
  );
}

interface RoleReference {
  id: string;
  name: string;
}

async function write(
  roles: { id?: string; name?: string }[],
  send: (roles: RoleReference[]) => Promise<unknown>,
  report: (name: string) => void,
): Promise<void> {
  if (roles.length === 0) return;
  const references = roles.map(({ id = "", name = "" }) => ({ id, name }));
  await send(references);
  for (const { name } of references) report(name);
}
