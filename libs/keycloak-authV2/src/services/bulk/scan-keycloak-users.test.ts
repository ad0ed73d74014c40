import { expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { type BulkFixture, createBulkFixture } from "../../testing/bulk-fixture.ts";
import { OutageRetry } from "./outage-retry.ts";
import { scanKeycloakUsers, type UserPage } from "./scan-keycloak-users.ts";
import type { ScanPosition } from "./scan-position.ts";

type Options = Partial<Parameters<typeof scanKeycloakUsers>[1]>;

async function scan({ bulkDeps }: BulkFixture, options: Options = {}, onPage?: (page: UserPage) => void) {
  const pages: UserPage[] = [];
  const retry = new OutageRetry({ outageMs: 10_000, firstDelayMs: 1 });
  for await (const page of scanKeycloakUsers({ ...bulkDeps, retry }, { pageSize: 10, now: bulkDeps.now, ...options })) {
    pages.push(page);
    onPage?.(page);
  }
  return { pages, ids: pages.flatMap(({ users }) => users.map(({ id }) => id)) };
}

test("everybody once, in the order of their creation, service accounts apart", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(95);
  const { pages, ids: scanned } = await scan(fixture);
  expect(scanned).toEqual(ids);
  expect(pages.flatMap(({ serviceAccounts }) => serviceAccounts)).toMatchObject([
    { username: "service-account-gateway" },
  ]);
  expect(pages.every(({ users }) => users.length <= 10)).toBe(true);
});

test("a person with a service account's name is a person", async () => {
  const fixture = createBulkFixture();
  fixture.addUser("p", 5, { username: "service-account-of-mine" });
  expect((await scan(fixture)).ids).toEqual(["p"]);
});

test("one millisecond that holds many users is read by offset, and gone on with in its middle", async () => {
  const fixture = createBulkFixture();
  const ids = Array.from({ length: 45 }, (_, place) => `m${100 + place}`);
  for (const id of ids) fixture.addUser(id, 1_000);
  fixture.addUser("before", 999);
  fixture.addUser("after", 1_001);
  const { pages, ids: scanned } = await scan(fixture);
  expect(scanned).toEqual(["before", ...ids, "after"]);
  const position = pages.find(({ users }) => users.some(({ id }) => id === "m110"))?.position as ScanPosition;
  expect(position.slice).toEqual({ first: 20, count: 45 });
  const rest = await scan(fixture, { position });
  expect(rest.ids).toEqual([...ids.slice(20), "after"]);
});

test("rows that move up while they are read by offset are not missed", async () => {
  const fixture = createBulkFixture();
  const ids = Array.from({ length: 45 }, (_, place) => `m${100 + place}`);
  for (const id of ids) fixture.addUser(id, 1_000);
  let deleted = false;
  const { ids: scanned } = await scan(fixture, { concurrency: 1 }, () => {
    if (!deleted) for (const id of ids.slice(0, 10)) fixture.keycloak.users.delete(id);
    deleted = true;
  });
  expect(ids.slice(10).filter((id) => !scanned.includes(id))).toEqual([]);
});

test("users without a created time, and federated ones that are listed for any time, come in the last pass", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(25);
  fixture.addUser("none", null);
  fixture.addUser("f:ldap:jo", null);
  const { ids: scanned, pages } = await scan(fixture);
  expect(scanned.toSorted()).toEqual([...ids, "none", "f:ldap:jo"].toSorted());
  expect(pages.at(-1)?.position.phase).toBe("last_pass");
});

test("without such users there is no last pass", async () => {
  const fixture = createBulkFixture();
  fixture.addUsers(25);
  const { pages } = await scan(fixture);
  expect(pages.some(({ position }) => position.phase === "last_pass")).toBe(false);
});

test("any scan that was cut short goes on from a page's position to the same end", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(60);
  for (const id of ["x1", "x2", "x3"]) fixture.addUser(id, null);
  const { pages, ids: all } = await scan(fixture);
  expect(all.toSorted()).toEqual([...ids, "x1", "x2", "x3"].toSorted());
  for (const [place, { position }] of pages.entries()) {
    const before = pages.slice(0, place + 1).flatMap(({ users }) => users.map(({ id }) => id));
    const rest = await scan(fixture, { position });
    expect([...before, ...rest.ids].toSorted()).toEqual(all.toSorted());
    const windowed = rest.ids.filter((id) => id.startsWith("u"));
    expect(windowed.filter((id) => before.includes(id))).toEqual([]);
  }
});

test("users that come between the count and the read are read too", async () => {
  const fixture = createBulkFixture();
  fixture.addUsers(20);
  let grown = false;
  fixture.keycloak.before = (operation) => {
    if (operation !== "search_users" || grown) return;
    grown = true;
    for (let place = 0; place < 200; place += 1) fixture.addUser(`n${place}`, fixture.clock.now - place);
  };
  const { ids } = await scan(fixture);
  expect(new Set(ids).size).toBe(220);
});

test("only who is asked for", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(30);
  const createdAfter = fixture.keycloak.users.get(ids[25] as string)?.createdAt as Date;
  expect((await scan(fixture, { filter: { createdAfter } })).ids).toEqual(ids.slice(25));
  expect((await scan(fixture, { filter: { search: "name-u0001" } })).ids).toEqual(ids.slice(10, 20));
});

test("an outage is waited for", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(40);
  let calls = 0;
  fixture.keycloak.before = () => {
    calls += 1;
    if (calls % 3 === 0) throw new AuthError("keycloak.unavailable");
  };
  expect((await scan(fixture)).ids).toEqual(ids);
});

test("a user whom Keycloak fails to show does not stop the others", async () => {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(40);
  for (const id of ["m1", "m2", "m3"]) fixture.addUser(id, 1_000);
  const search = fixture.keycloak.userRepository.searchUsers.bind(fixture.keycloak.userRepository);
  fixture.keycloak.userRepository.searchUsers = async (query) => {
    const users = await search(query);
    if (users.some(({ id }) => id === "u00017" || id === "m2")) throw new AuthError("keycloak.unavailable");
    return users;
  };
  const { pages, ids: scanned } = await scan(fixture);
  expect(scanned.toSorted()).toEqual(["m1", "m3", ...ids.filter((id) => id !== "u00017")].toSorted());
  expect(pages.reduce((sum, { unreadable }) => sum + unreadable.rows, 0)).toBe(2);
});
