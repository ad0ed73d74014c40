// Managed members are deleted with their organization and disabled with it, without an event of their own.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { addOrganizations } from "./support/managed-members.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { meStatus, rowOf, type Subject, signIn } from "./support/subject.ts";

const people = { removed: newPerson(), kept: newPerson(), deleted: newPerson(), disabled: newPerson() };
const replicas = useReplicas();
let gateway: GatewayProcess;

beforeAll(async () => {
  const members = { acme: [people.removed, people.kept], gone: [people.deleted], closed: [people.disabled] };
  await addOrganizations(replicas.stack, replicas.admin, members);
  gateway = await replicas.start("directly");
});
afterAll(stopGateways);

const row = (subject: Subject) => rowOf(replicas, subject);

async function organization(alias: string) {
  const found = (await replicas.admin.organizations.find({ search: alias, exact: true }))[0];
  if (!found?.id) throw new Error("no such organization");
  return { ...found, id: found.id };
}

// First: nothing else is to be reconciled yet.
test("a hundred changes in a row start one full reconciliation", async () => {
  const reconciliations = () =>
    gateway.entries().filter(({ msg }) => msg === "full reconciliation of all users started").length;
  const ended = () => gateway.entries().filter(({ msg }) => msg === "full reconciliation of all users finished").length;
  await eventually(() => expect(ended()).toBe(reconciliations()), 30_000);
  const before = reconciliations();
  const { id, ...representation } = await organization("acme");
  await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      replicas.admin.organizations.updateById({ id }, { ...representation, description: `number ${n}` }),
    ),
  );
  await eventually(() => expect(ended()).toBe(before + 1), 60_000);
  await eventually(async () => {
    const [waiting] = await replicas.sql`SELECT count(*)::int AS n FROM change_notices WHERE kind = 'every_user'`;
    expect(waiting.n).toBe(0);
  });
  expect(reconciliations()).toBe(before + 1);
}, 120_000);

test("a member who is removed is deleted, the others stay", async () => {
  const [removed, kept] = [await signIn(gateway.url, people.removed), await signIn(gateway.url, people.kept)];
  const { id: orgId } = await organization("acme");
  await replicas.admin.organizations.delMember({ orgId, userId: removed.id });
  await eventually(async () => expect(await row(removed)).toMatchObject({ deleted: true, live: 0 }));
  await eventually(async () => expect(await meStatus(gateway.url, removed)).toBe(401));
  expect(await row(kept)).toMatchObject({ deleted: false, enabled: true, live: 1 });
  expect(await meStatus(gateway.url, kept)).toBe(200);
}, 60_000);

test("with an organization that is disabled its members are", async () => {
  const subject = await signIn(gateway.url, people.disabled);
  const { id, ...representation } = await organization("closed");
  await replicas.admin.organizations.updateById({ id }, { ...representation, enabled: false });
  await eventually(
    async () => expect(await row(subject)).toMatchObject({ enabled: false, live: 0, end_reason: "user_disabled" }),
    20_000,
  );
  await eventually(async () => expect(await meStatus(gateway.url, subject)).toBe(401));
}, 60_000);

test("with an organization that is deleted its members are", async () => {
  const subject = await signIn(gateway.url, people.deleted);
  const { id } = await organization("gone");
  await replicas.admin.organizations.delById({ id });
  await eventually(async () => expect(await row(subject)).toMatchObject({ deleted: true, live: 0 }), 20_000);
  await eventually(async () => expect(await meStatus(gateway.url, subject)).toBe(401));
}, 60_000);
