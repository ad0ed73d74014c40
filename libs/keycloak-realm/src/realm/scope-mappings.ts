import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import type { RealmStep } from "./realm-options.ts";

/**
 * With full scope off a token carries only roles that are mapped into its client's scope: creates the configured realm
 * roles where they are missing, and maps them. Roles that someone else mapped stay.
 */
export async function applyScopeMappings(
  api: AdminApi,
  clientUuid: string | undefined,
  step: RealmStep,
): Promise<void> {
  const { options, change } = step;
  const { realm, clientId, roles = [] } = options;
  if (roles.length === 0) return;
  const at = { realm, id: clientUuid ?? "" };
  const mapped = clientUuid
    ? await api.call("list_scope_mappings", (client) => client.clients.listRealmScopeMappings(at))
    : [];
  const missing = roles.filter((name) => !mapped.some((role) => role.name === name));
  for (const name of missing) {
    const role = await ensureRole(api, name, step, clientUuid !== undefined);
    const text = `client ${clientId}: role ${name} allowed in its tokens`;
    await change([{ subject: "client", name: `role ${name}`, text }], () =>
      api.call("add_scope_mapping", (client) => client.clients.addRealmScopeMappings(at, [role])),
    );
  }
}

async function ensureRole(
  api: AdminApi,
  name: string,
  { options: { realm }, change }: RealmStep,
  clientExists: boolean,
) {
  const read = () => api.call("read_role", (client) => client.roles.findOneByName({ realm, name }));
  const found = clientExists ? await read() : undefined;
  if (found) return found;
  const created = await change(
    [{ subject: "realm", name: `role ${name}`, text: `realm ${realm}: role ${name} created` }],
    async () => {
      await api.call("create_role", (client) => client.roles.create({ realm, name }));
      return await read();
    },
  );
  return created ?? { name };
}
