import type { TestStack } from "@libs/dev-stack";
import { type AdminCalls, adminCalls } from "./admin-calls.ts";
import { permitUsers } from "./realm-shapes.ts";

export interface Representation extends Record<string, unknown> {
  id: string;
  clientId?: string;
  name?: string;
  attributes?: Record<string, string>;
}

interface Profile {
  attributes: ({ name: string } & Record<string, unknown>)[];
}

/** A realm that can be broken, and put back as it was. */
export interface FaultyRealm extends AdminCalls {
  /** Whether its rights come from fine-grained permissions. */
  fineGrained: boolean;
  /** The gateway's client, as it was when this was opened. */
  client: Representation;
  changeRealm(change: object): Promise<unknown>;
  changeClient(change: object): Promise<unknown>;
  /** @param change null takes the attribute out of the user profile; @param more of the profile itself */
  changeAttribute(name: string, change: object | null, more?: object): Promise<unknown>;
  /** Adds or takes roles of `realm-management` of the service account. */
  changeRoles(change: { add?: string[]; take?: string[] }): Promise<unknown>;
  accountId(): Promise<string>;
  /** Something that is done and undone by itself. */
  change(plant: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<unknown>;
  /** Undoes all changes, last first. */
  restore(): Promise<void>;
}

export async function openFaultyRealm(stack: TestStack, realm: string): Promise<FaultyRealm> {
  const { call } = adminCalls(stack, realm);
  const before = await call<Representation>("GET", "");
  const clients = await call<Representation[]>("GET", "/clients");
  const client = clients.find(({ clientId }) => clientId === "api-gateway") as Representation;
  const management = clients.find(({ clientId }) => clientId === "realm-management") as Representation;
  const profile = await call<Profile>("GET", "/users/profile");
  const fineGrained = before["adminPermissionsEnabled"] === true;
  const undos: (() => Promise<unknown>)[] = [];

  const change = (plant: () => Promise<unknown>, undo: () => Promise<unknown>) => {
    undos.push(undo);
    return plant();
  };
  const accountId = async () => (await call<Representation>("GET", `/clients/${client.id}/service-account-user`)).id;
  const mappings = async () => `/users/${await accountId()}/role-mappings/clients/${management.id}`;
  const changeRoles = async ({ add = [], take = [] }: { add?: string[]; take?: string[] }) => {
    const path = await mappings();
    const held = await call<Representation[]>("GET", path);
    const all = await call<Representation[]>("GET", `/clients/${management.id}/roles`);
    const restore = async () => {
      const after = await mappings();
      await call("DELETE", after, await call<Representation[]>("GET", after));
      await call("POST", after, held);
    };
    const named = (names: string[], of: Representation[]) => of.filter(({ name = "" }) => names.includes(name));
    await change(async () => {
      await call("DELETE", path, named(take, held));
      await call("POST", path, named(add, all));
    }, restore);
  };

  return {
    call,
    fineGrained,
    client,
    change,
    accountId,
    changeRoles,
    // Keycloak takes out attributes that a change does not name.
    changeRealm: (changed) =>
      change(
        () => call("PUT", "", { attributes: before.attributes, ...changed }),
        () => call("PUT", "", { ...before, notBefore: 0, smtpServer: before["smtpServer"] ?? {} }),
      ),
    async changeClient(changed) {
      const roles = await call<Representation[]>("GET", await mappings());
      await change(
        () => call("PUT", `/clients/${client.id}`, { ...client, ...changed }),
        async () => {
          // Attributes that are not named stay.
          const added = Object.keys((changed as Partial<Representation>).attributes ?? {});
          const cleared = Object.fromEntries(added.map((name) => [name, ""]));
          await call("PUT", `/clients/${client.id}`, { ...client, attributes: { ...cleared, ...client.attributes } });
          // A service account that was off and is on again is another user.
          await call("POST", await mappings(), roles);
          if (fineGrained) await permitUsers({ call }, await accountId());
        },
      );
    },
    changeAttribute(name, changed, more = {}) {
      const attributes = profile.attributes.flatMap((attribute) => {
        if (attribute.name !== name) return [attribute];
        return changed === null ? [] : [{ ...attribute, ...changed }];
      });
      return change(
        () => call("PUT", "/users/profile", { ...profile, ...more, attributes }),
        () => call("PUT", "/users/profile", profile),
      );
    },
    async restore() {
      for (const undo of undos.splice(0).reverse()) await undo();
    },
  };
}
