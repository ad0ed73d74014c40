import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { AuthError } from "@libs/problems";
import { differences } from "./differences.ts";
import { settingChanges } from "./realm-change.ts";
import type { RealmOptions, RealmStep } from "./realm-options.ts";

const BACKCHANNEL_URL = "backchannel.logout.url";

/**
 * The gateway's confidential client: password grant, service account, no full scope.
 * @returns the client's internal id; undefined in a plan for a new one
 */
export async function applyGatewayClient(
  api: AdminApi,
  { options, change }: RealmStep,
  realmExists: boolean,
): Promise<string | undefined> {
  const { realm, clientId } = options;
  const found = realmExists ? await findClient(api, realm, clientId) : undefined;
  const desired = desiredClient(options, options.backchannelLogoutUrl ?? found?.attributes?.[BACKCHANNEL_URL]);
  if (!found) {
    const created = await change([{ subject: "client", name: "created", text: `client ${clientId}: created` }], () =>
      api.call("create_client", (client) => client.clients.create({ realm, ...desired, standardFlowEnabled: false })),
    );
    return created?.id;
  }
  const different = differences(found, desired);
  if (different) {
    const { protocolMappers: _, ...rest } = found;
    const attributes = { ...found.attributes, ...different.attributes };
    await change(settingChanges("client", `client ${clientId}`, found, different), () =>
      api.call("update_client", (client) =>
        client.clients.update({ realm, id: found.id }, { ...rest, ...different, attributes }),
      ),
    );
  }
  return found.id;
}

type AdminClient = Parameters<Parameters<AdminApi["call"]>[1]>[0];
type FoundClient = Awaited<ReturnType<AdminClient["clients"]["find"]>>[number] & { id: string };

/** @returns the client with its internal id, undefined when the realm has none of that name */
export async function findClient(api: AdminApi, realm: string, clientId: string): Promise<FoundClient | undefined> {
  const [found] = await api.call("find_client", (client) => client.clients.find({ realm, clientId }));
  if (found && !found.id) throw new AuthError("keycloak.unavailable", { internal: "find_client: a client with no id" });
  return found && { ...found, id: found.id as string };
}

/** Whether browsers may log in through this client (`standardFlowEnabled`) is decided once, at its creation: off. */
function desiredClient(options: RealmOptions, backchannelUrl: string | undefined) {
  // Keycloak keeps the other two only beside a URL.
  const beside = backchannelUrl ? "true" : undefined;
  return {
    clientId: options.clientId,
    protocol: "openid-connect",
    enabled: true,
    publicClient: false,
    bearerOnly: false,
    clientAuthenticatorType: "client-secret",
    secret: options.clientSecret,
    directAccessGrantsEnabled: true,
    implicitFlowEnabled: false,
    serviceAccountsEnabled: true,
    fullScopeAllowed: false,
    frontchannelLogout: options.backchannelLogoutUrl === undefined ? undefined : false,
    attributes: {
      [BACKCHANNEL_URL]: options.backchannelLogoutUrl,
      "backchannel.logout.session.required": beside,
      "backchannel.logout.revoke.offline.tokens": beside,
    },
  };
}
