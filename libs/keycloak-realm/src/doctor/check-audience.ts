import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";

interface EffectiveMapper {
  mapperId: string;
  containerId: string;
  containerType: string;
}

/**
 * Whether people's access tokens name the client, by whatever mapper: the client's own, or one of a client scope. The
 * service account's own token does not show it: a role that it alone has may have put the audience there.
 * @param id the client's internal id
 */
export async function namesAudience(
  api: AdminApi,
  realm: string,
  { id, clientId }: { id: string; clientId: string },
): Promise<boolean> {
  const effective = (await api.call("evaluate_mappers", (client) =>
    client.clients.evaluateListProtocolMapper({ realm, id, scope: "openid" }),
  )) as unknown as EffectiveMapper[];
  const mappers = await Promise.all(
    effective.map(({ containerId, containerType, mapperId }) =>
      api.call("read_mapper", ({ clients, clientScopes }) =>
        containerType === "client"
          ? clients.findProtocolMapperById({ realm, id: containerId, mapperId })
          : clientScopes.findProtocolMapper({ realm, id: containerId, mapperId }),
      ),
    ),
  );
  return mappers.some((mapper) => {
    const { protocolMapper, config = {} } = mapper ?? {};
    if (config["access.token.claim"] !== "true") return false;
    if (protocolMapper === "oidc-audience-mapper")
      return [config["included.client.audience"], config["included.custom.audience"]].includes(clientId);
    return (
      protocolMapper === "oidc-hardcoded-claim-mapper" &&
      config["claim.name"] === "aud" &&
      String(config["claim.value"]).includes(clientId)
    );
  });
}
