import type KcAdminClient from "@keycloak/keycloak-admin-client";
import type { TestRealm } from "@libs/dev-stack";

type Client = NonNullable<Awaited<ReturnType<KcAdminClient["clients"]["findOne"]>>>;

/** What an administrator does to the gateway's client in the console. */
export class RealmEditor {
  constructor(
    private readonly admin: KcAdminClient,
    private readonly realm: Pick<TestRealm, "realm" | "clientId">,
  ) {}

  changeRealm(change: object): Promise<unknown> {
    return this.admin.realms.update({ realm: this.realm.realm }, change);
  }

  async changeClient(change: Partial<Client>): Promise<void> {
    const client = await this.client();
    const attributes = { ...client.attributes, ...change.attributes };
    await this.admin.clients.update({ id: client.id }, { ...client, ...change, attributes });
  }

  async client(): Promise<Client & { id: string }> {
    const [client] = await this.admin.clients.find({ clientId: this.realm.clientId });
    return client as Client & { id: string };
  }

  async changeServiceAccount(change: object): Promise<void> {
    const { id = "" } = await this.admin.clients.getServiceAccountUser({ id: (await this.client()).id });
    await this.admin.users.update({ id }, change);
  }

  /** Takes roles of realm-management from the service account. */
  async takeRoles(names: string[]): Promise<void> {
    await this.admin.users.delClientRoleMappings(await this.#roles(names));
  }

  async giveRoles(names: string[]): Promise<void> {
    await this.admin.users.addClientRoleMappings(await this.#roles(names));
  }

  async takeDefaultScope(name: string): Promise<void> {
    await this.admin.clients.delDefaultClientScope(await this.#scope(name));
  }

  async giveDefaultScope(name: string): Promise<void> {
    await this.admin.clients.addDefaultClientScope(await this.#scope(name));
  }

  async giveOptionalScope(name: string): Promise<void> {
    await this.admin.clients.addOptionalClientScope(await this.#scope(name));
  }

  async takeOptionalScope(name: string): Promise<void> {
    await this.admin.clients.delOptionalClientScope(await this.#scope(name));
  }

  /** Has the client's access tokens carry what the mapper gives. */
  async addMapper(type: string): Promise<void> {
    const { id } = await this.client();
    const config = { "access.token.claim": "true" };
    await this.admin.clients.addProtocolMapper(
      { id },
      { name: type, protocol: "openid-connect", protocolMapper: type, config },
    );
  }

  async removeMappers(type: string): Promise<void> {
    const { id } = await this.client();
    for (const mapper of await this.admin.clients.listProtocolMappers({ id }))
      if (mapper.protocolMapper === type) await this.admin.clients.delProtocolMapper({ id, mapperId: mapper.id ?? "" });
  }

  async #scope(name: string) {
    const scope = await this.admin.clientScopes.findOneByName({ name });
    return { id: (await this.client()).id, clientScopeId: scope?.id ?? "" };
  }

  async #roles(names: string[]) {
    const [management] = await this.admin.clients.find({ clientId: "realm-management" });
    const { id = "" } = await this.admin.clients.getServiceAccountUser({ id: (await this.client()).id });
    const all = await this.admin.clients.listRoles({ id: management?.id ?? "" });
    const roles = all.filter(({ name = "" }) => names.includes(name)).map(({ id = "", name = "" }) => ({ id, name }));
    return { id, clientUniqueId: management?.id ?? "", roles };
  }
}
