// What changes users and names them in no event of their own, or in another's only.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { OtherClient } from "./support/other-client.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { meStatus, rowOf, type Subject, welcome } from "./support/subject.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let other: OtherClient;

beforeAll(async () => {
  other = await OtherClient.create(replicas.stack, replicas.admin);
  gateway = await replicas.start("directly");
});
afterAll(stopGateways);

const newSubject = () => welcome(gateway.url, newPerson());
const row = (subject: Subject) => rowOf(replicas, subject);
const deleted = { deleted: true, live: 0, end_reason: "user_deleted" };
const disabled = { enabled: false, live: 0, end_reason: "user_disabled" };

async function arrives(subject: Subject, expected: object, timeoutMs = 10_000): Promise<void> {
  await eventually(async () => expect(await row(subject)).toMatchObject(expected), timeoutMs);
  await eventually(async () => expect(await meStatus(gateway.url, subject)).toBe(401));
}

describe("a workflow that an administrator's change starts", () => {
  /** The client library has no workflows. */
  async function defineWorkflow(on: string, uses: string): Promise<void> {
    const { keycloakUrl, realm } = replicas.stack;
    const response = await fetch(`${keycloakUrl}/admin/realms/${encodeURIComponent(realm)}/workflows`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await replicas.admin.getAccessToken()}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ name: uses, enabled: true, on, steps: [{ uses }] }),
    });
    expect(response.status).toBe(201);
  }

  test("disables who is given a role", async () => {
    const { admin } = replicas;
    await admin.roles.create({ name: "on-leave" });
    await defineWorkflow("user-role-granted(on-leave)", "disable-user");
    const role = await admin.roles.findOneByName({ name: "on-leave" });
    const subject = await newSubject();
    await admin.users.addRealmRoleMappings({ id: subject.id, roles: [{ id: role?.id ?? "", name: "on-leave" }] });
    await arrives(subject, disabled);
  }, 60_000);

  test("deletes who joins a group", async () => {
    const { admin } = replicas;
    const { id: groupId } = await admin.groups.create({ name: "leavers" });
    await defineWorkflow("user-group-membership-added(/leavers)", "delete-user");
    const subject = await newSubject();
    await admin.users.addToGroup({ id: subject.id, groupId });
    await arrives(subject, deleted);
  }, 60_000);
});

describe("a federation", () => {
  /** Kerberos comes with Keycloak, and asks nobody about who is linked to it. */
  async function federated(): Promise<{ subject: Subject; componentId: string }> {
    const { admin } = replicas;
    const subject = await newSubject();
    const config = {
      enabled: ["true"],
      kerberosRealm: ["EXAMPLE.COM"],
      serverPrincipal: ["HTTP/x@EXAMPLE.COM"],
      keyTab: ["/none"],
      editMode: ["UNSYNCED"],
      allowPasswordAuthentication: ["false"],
    };
    const provider = { providerId: "kerberos", providerType: "org.keycloak.storage.UserStorageProvider" };
    const { id: componentId } = await admin.components.create({
      name: `federation-${subject.id}`,
      ...provider,
      config,
    });
    await admin.users.update({ id: subject.id }, { federationLink: componentId, lastName: "Federated" });
    // So that the notice of this change is not what brings the next one over.
    await eventually(async () => {
      const [{ last_name }] = await replicas.sql`SELECT last_name FROM users WHERE id = ${subject.id}`;
      expect(last_name).toBe("Federated");
    });
    return { subject, componentId };
  }

  test("that is disabled disables its users", async () => {
    const { admin } = replicas;
    const { subject, componentId } = await federated();
    const component = await admin.components.findOne({ id: componentId });
    await admin.components.update(
      { id: componentId },
      { ...component, config: { ...component?.config, enabled: ["false"] } },
    );
    await arrives(subject, disabled, 20_000);
  }, 60_000);

  test("that is deleted takes its users along", async () => {
    const { subject, componentId } = await federated();
    await replicas.admin.components.del({ id: componentId });
    await arrives(subject, { deleted: true, live: 0 }, 20_000);
  }, 60_000);
});

describe("where no admin event is stored, what Keycloak refuses says it", () => {
  beforeAll(async () => {
    const { admin, stack } = replicas;
    await admin.realms.update({ realm: stack.realm }, { adminEventsEnabled: false });
  });

  test("a login of who is disabled, at another client", async () => {
    const subject = await newSubject();
    await replicas.admin.users.update({ id: subject.id }, { enabled: false });
    await expect(other.logIn(subject.person)).rejects.toThrow();
    await arrives(subject, disabled);
  }, 60_000);

  test("a refresh of who is disabled, at another client", async () => {
    const subject = await newSubject();
    const refresh = await other.refreshable(subject.person);
    await replicas.admin.users.update({ id: subject.id }, { enabled: false });
    expect(await refresh()).toBe(400);
    await arrives(subject, disabled);
  }, 60_000);
});
