import type { AdminApi } from "../keycloak/admin-api.ts";
import type { RealmStep } from "./realm-options.ts";

/**
 * With full scope off a token carries only roles that are mapped into its client's scope: creates the configured realm
 * roles where they are missing, and maps them. Roles that someone else mapped stay.
 */
export async function applyScopeMappings(
  api: AdminApi,
  clientUuid: string,
  { options, changed }: RealmStep,
): Promise<void> {
  const { realm, clientId, roles = [] } = options;
  if (roles.length === 0) return;
  const at = { realm, id: clientUuid };
  const mapped = await api.call("list_scope_mappings", (client) => client.clients.listRealmScopeMappings(at));
  const missing = roles.filter((name) => !mapped.some((role) => role.name === name));
  for (const name of missing) {
    const role = await ensureRole(api, name, { options, changed });
    await api.call("add_scope_mapping", (client) => client.clients.addRealmScopeMappings(at, [role]));
    changed(`client ${clientId}: role ${name} let into its tokens`);
  }
}

async function ensureRole(api: AdminApi, name: string, { options: { realm }, changed }: RealmStep) {
  const read = () => api.call("read_role", (client) => client.roles.findOneByName({ realm, name }));
  const found = await read();
  if (found) return found;
  await api.call("create_role", (client) => client.roles.create({ realm, name }));
  changed(`realm ${realm}: role ${name} created`);
  return (await read()) ?? { name };
}
