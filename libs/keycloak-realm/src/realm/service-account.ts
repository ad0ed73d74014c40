import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { AuthError } from "@libs/problems";
import { findClient } from "./gateway-client.ts";
import type { RealmChange } from "./realm-change.ts";
import type { RealmStep } from "./realm-options.ts";

/** All that the running gateway may do in its realm. */
const GRANTED_ROLES: readonly string[] = ["manage-users", "view-events"];
const REALM_MANAGEMENT = "realm-management";

/**
 * Gives the client's service account exactly {@link GRANTED_ROLES} of the realm-management roles and takes back any
 * other. Full scope is off, so the same roles are mapped into the client's scope.
 */
export async function applyServiceAccount(
  api: AdminApi,
  clientUuid: string | undefined,
  step: RealmStep,
): Promise<void> {
  const changes = roleChanges(step.options.clientId);
  const account = clientUuid && (await findAccount(api, clientUuid, step));
  if (!account) {
    // In a plan: a client that is not there yet, or whose service account is off until then.
    await step.change([...GRANTED_ROLES.map(changes.granted), ...GRANTED_ROLES.map(changes.scoped)], () => {
      throw new AuthError("keycloak.misconfigured", { internal: "service_account: the client has none" });
    });
    return;
  }
  const { management, userId } = account;
  const { realm } = step.options;
  const at = { realm, id: userId, clientUniqueId: management };
  const all = await api.call("list_roles", (client) => client.clients.listRoles({ realm, id: management }));
  const granted = all.filter((role) => GRANTED_ROLES.includes(role.name ?? ""));

  const held = await api.call("list_role_mappings", (client) => client.users.listClientRoleMappings(at));
  await write(
    step,
    granted.filter((role) => !held.some(({ id }) => id === role.id)),
    changes.granted,
    (roles) => api.call("add_role_mappings", (client) => client.users.addClientRoleMappings({ ...at, roles })),
  );
  await write(
    step,
    held.filter((role) => !GRANTED_ROLES.includes(role.name ?? "")),
    changes.taken,
    (roles) => api.call("delete_role_mappings", (client) => client.users.delClientRoleMappings({ ...at, roles })),
  );

  const scope = { realm, id: clientUuid, client: management };
  const scoped = await api.call("list_scope_mappings", (client) => client.clients.listClientScopeMappings(scope));
  await write(
    step,
    granted.filter((role) => !scoped.some(({ id }) => id === role.id)),
    changes.scoped,
    (roles) => api.call("add_scope_mapping", (client) => client.clients.addClientScopeMappings(scope, roles)),
  );
}

/** @returns undefined where the client's service account is off */
async function findAccount(api: AdminApi, clientUuid: string, { options: { realm } }: RealmStep) {
  const management = await findClient(api, realm, REALM_MANAGEMENT);
  if (!management) {
    throw new AuthError("keycloak.misconfigured", { internal: "service_account: the realm has no realm-management" });
  }
  const user = await api.call<{ id?: string } | undefined>(
    "read_service_account",
    (client) => client.clients.getServiceAccountUser({ realm, id: clientUuid }),
    ({ response: { status } }) => (status === 400 || status === 404 ? { value: undefined } : undefined),
  );
  return user?.id ? { management: management.id, userId: user.id } : undefined;
}

function roleChanges(clientId: string) {
  const account = `service account of ${clientId}`;
  return {
    granted: (name: string): RealmChange => ({ subject: "service_account", name, text: `${account}: ${name} granted` }),
    taken: (name: string): RealmChange => ({
      subject: "service_account",
      name: `no ${name}`,
      text: `${account}: ${name} revoked`,
    }),
    scoped: (name: string): RealmChange => ({
      subject: "client",
      name: `scope ${name}`,
      text: `client ${clientId}: ${name} allowed in its tokens`,
    }),
  };
}

interface RoleReference {
  id: string;
  name: string;
}

async function write(
  { change }: RealmStep,
  roles: { id?: string; name?: string }[],
  changeOf: (name: string) => RealmChange,
  send: (roles: RoleReference[]) => Promise<unknown>,
): Promise<void> {
  if (roles.length === 0) return;
  const references = roles.map(({ id = "", name = "" }) => ({ id, name }));
  await change(
    references.map(({ name }) => changeOf(name)),
    () => send(references),
  );
}
