import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { differences } from "./differences.ts";
import type { RealmChange } from "./realm-change.ts";
import type { RealmStep } from "./realm-options.ts";

const AUDIENCE_MAPPER = "oidc-audience-mapper";

/** Puts the client's own id into `aud` of its access tokens, so that whoever verifies one can ask for it. */
export async function applyAudienceMapper(
  api: AdminApi,
  clientUuid: string | undefined,
  { options, change }: RealmStep,
): Promise<void> {
  const { realm, clientId } = options;
  const at = { realm, id: clientUuid ?? "" };
  const desired = {
    protocol: "openid-connect",
    protocolMapper: AUDIENCE_MAPPER,
    config: {
      "included.client.audience": clientId,
      "access.token.claim": "true",
      "introspection.token.claim": "true",
      "id.token.claim": "false",
    },
  };
  const mappers = clientUuid ? await api.call("list_mappers", (client) => client.clients.listProtocolMappers(at)) : [];
  const found = mappers.find(
    (mapper) => mapper.protocolMapper === AUDIENCE_MAPPER && mapper.config?.["included.client.audience"] === clientId,
  );
  if (!found?.id) {
    await change([changeOf(`client ${clientId}: audience mapper created`)], () =>
      api.call("create_mapper", (client) =>
        client.clients.addProtocolMapper(at, { name: `audience ${clientId}`, ...desired }),
      ),
    );
    return;
  }
  const mapperId = found.id;
  if (!differences(found, desired)) return;
  await change([changeOf(`client ${clientId}: audience mapper set`)], () =>
    api.call("update_mapper", (client) =>
      client.clients.updateProtocolMapper(
        { ...at, mapperId },
        { ...found, ...desired, config: { ...found.config, ...desired.config } },
      ),
    ),
  );
}

const changeOf = (text: string): RealmChange => ({ subject: "client", name: "audience", text });
