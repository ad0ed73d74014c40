import type KcAdminClient from "@keycloak/keycloak-admin-client";

type Mapper = Parameters<KcAdminClient["clients"]["addProtocolMapper"]>[1];

/** Changes the gateway's client in Keycloak as an administrator would. Every change comes with the way back. */
export class GatewayClientEditor {
  constructor(
    private readonly admin: KcAdminClient,
    private readonly clientId: string,
  ) {}

  /** Of the client's attributes; what was not set before is emptied by the way back. */
  async setAttributes(attributes: Record<string, string>): Promise<() => Promise<void>> {
    const { attributes: before = {} } = await this.read();
    await this.#write(attributes);
    return () => this.#write(Object.fromEntries(Object.keys(attributes).map((name) => [name, before[name] ?? ""])));
  }

  async addMapper(mapper: Mapper): Promise<() => Promise<void>> {
    const { id } = await this.read();
    await this.admin.clients.addProtocolMapper({ id }, mapper);
    return async () => {
      const mappers = await this.admin.clients.listProtocolMappers({ id });
      const mapperId = mappers.find(({ name }) => name === mapper?.name)?.id ?? "";
      await this.admin.clients.delProtocolMapper({ id, mapperId });
    };
  }

  /** Makes every access token longer, as many roles and attributes do. */
  addWideClaim(characters: number): Promise<() => Promise<void>> {
    return this.addMapper({
      name: "wide",
      protocol: "openid-connect",
      protocolMapper: "oidc-hardcoded-claim-mapper",
      config: {
        "claim.name": "wide",
        "claim.value": "x".repeat(characters),
        "jsonType.label": "String",
        "access.token.claim": "true",
        "id.token.claim": "false",
        "userinfo.token.claim": "false",
      },
    });
  }

  /** @param kind as Keycloak names it, such as `oidc-audience-mapper` */
  async removeMapper(kind: string): Promise<() => Promise<void>> {
    const { id } = await this.read();
    const mappers = (await this.admin.clients.listProtocolMappers({ id })).filter(
      ({ protocolMapper }) => protocolMapper === kind,
    );
    for (const { id: mapperId = "" } of mappers) await this.admin.clients.delProtocolMapper({ id, mapperId });
    return async () => {
      for (const mapper of mappers) await this.admin.clients.addProtocolMapper({ id }, mapper);
    };
  }

  async removeDefaultScope(name: string): Promise<() => Promise<void>> {
    const { id } = await this.read();
    const scopes = await this.admin.clients.listDefaultClientScopes({ id });
    const clientScopeId = scopes.find((scope) => scope.name === name)?.id ?? "";
    await this.admin.clients.delDefaultClientScope({ id, clientScopeId });
    return () => this.admin.clients.addDefaultClientScope({ id, clientScopeId });
  }

  async read(): Promise<{ id: string; attributes?: Record<string, string> }> {
    const [client] = await this.admin.clients.find({ clientId: this.clientId });
    return client as { id: string; attributes?: Record<string, string> };
  }

  async #write(attributes: Record<string, string>): Promise<void> {
    const client = await this.read();
    const merged = { ...client.attributes, ...attributes };
    await this.admin.clients.update({ id: client.id }, { ...client, attributes: merged });
  }
}
