import { describe, expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { failure } from "@libs/problems/testing";
import { type BulkFixture, createBulkFixture } from "../../testing/bulk-fixture.ts";
import { InterruptedError, OutageRetry } from "./outage-retry.ts";
import { ReadPace } from "./read-pace.ts";
import { scanKeycloakUsers, type UserPage } from "./scan-keycloak-users.ts";
import { scanList } from "./scan-list.ts";
import { ScanReader } from "./scan-reader.ts";

type Options = Partial<Parameters<typeof scanKeycloakUsers>[1]>;

/** Of the size at which pages overlap with a part of the one before. */
const PAGE = 100;

async function scan({ bulkDeps }: BulkFixture, options: Options = {}, onPage?: (page: UserPage, at: number) => void) {
  const pages: UserPage[] = [];
  const retry = new OutageRetry({ outageMs: 10_000, firstDelayMs: 1 });
  const scanned = { pageSize: PAGE, now: bulkDeps.now, ...options };
  for await (const page of scanKeycloakUsers({ ...bulkDeps, retry }, scanned)) {
    pages.push(page);
    onPage?.(page, pages.length);
  }
  return { pages, ids: pages.flatMap(({ users }) => users.map(({ id }) => id)) };
}

/** A Keycloak that ignores created times. */
const older = () => createBulkFixture({ features: { createdFilter: false } });

const without = (ids: readonly string[], scanned: readonly string[]) => ids.filter((id) => !scanned.includes(id));

describe("a Keycloak that ignores created times", () => {
  test("everybody once, dated or not, in pages; service accounts are in no list", async () => {
    const fixture = older();
    const ids = fixture.addUsers(950);
    fixture.addUser("none", null);
    const { pages, ids: scanned } = await scan(fixture);
    expect(scanned.toSorted()).toEqual([...ids, "none"].toSorted());
    expect(pages.every(({ position }) => position.phase === "list")).toBe(true);
    expect(fixture.keycloak.calls.filter((call) => call === "search_users").length).toBeLessThan(13);
  });

  test.each([0, 1, 100, 101, 200])("%d users are read to their end", async (count) => {
    const fixture = older();
    const ids = fixture.addUsers(count);
    expect((await scan(fixture)).ids.toSorted()).toEqual(ids);
  });

  test("only who was created in a time that is asked for, and within a search", async () => {
    const fixture = older();
    const ids = fixture.addUsers(300);
    const at = (place: number) => fixture.keycloak.users.get(ids[place] as string)?.createdAt as Date;
    const filter = { createdAfter: at(25), createdBefore: at(30) };
    expect((await scan(fixture, { filter })).ids.toSorted()).toEqual(ids.slice(25, 31));
    expect((await scan(fixture, { filter: { search: "name-u0001" } })).ids.toSorted()).toEqual(ids.slice(10, 20));
  });

  test.each([1, 3])(
    "whoever is deleted before the place of reading hides nobody (%d reads at once)",
    async (concurrency) => {
      const fixture = older();
      const ids = fixture.addUsers(1_000);
      const kept = ids.filter((_, place) => place % 4 !== 0);
      const { ids: scanned } = await scan(fixture, { concurrency }, (_, at) => {
        for (const [place, id] of ids.entries())
          if (place % 4 === 0 && place < at * PAGE) fixture.keycloak.users.delete(id);
      });
      expect(without(kept, scanned)).toEqual([]);
    },
  );

  test("of as many who come and go, so that the count stays, nobody else is hidden", async () => {
    const fixture = older();
    const ids = fixture.addUsers(1_000);
    const { ids: scanned } = await scan(fixture, { concurrency: 1 }, (_, at) => {
      for (let place = 0; place < 60; place += 1) {
        fixture.keycloak.users.delete(ids[(at - 1) * PAGE + place] as string);
        fixture.addUser(`z${at}-${place}`, 1, { username: `zz-${at}-${place}` });
      }
    });
    const kept = ids.filter((id) => fixture.keycloak.users.has(id));
    expect(without(kept, scanned)).toEqual([]);
  });

  test("a whole page of users that is deleted behind the place of reading is noticed", async () => {
    const fixture = older();
    const ids = fixture.addUsers(1_000);
    const { ids: scanned } = await scan(fixture, { concurrency: 1 }, (_, at) => {
      if (at === 5) for (const id of ids.slice(100, 400)) fixture.keycloak.users.delete(id);
    });
    expect(without([...ids.slice(0, 100), ...ids.slice(400)], scanned)).toEqual([]);
  });

  test("users who come before the place of reading make nobody be missed", async () => {
    const fixture = older();
    const ids = fixture.addUsers(1_000);
    const { ids: scanned } = await scan(fixture, {}, (_, at) => {
      if (at > 3) return;
      for (let place = 0; place < 400; place += 1)
        fixture.addUser(`a${at}-${place}`, 1, { username: `aa-${at}-${place}` });
    });
    expect(without(ids, scanned)).toEqual([]);
  });

  test("a user who was read and comes again under another name proves nothing", async () => {
    const fixture = older();
    const ids = fixture.addUsers(600);
    const { bulkDeps, keycloak } = fixture;
    const retry = new OutageRetry({ outageMs: 0 });
    const reader = new ScanReader({ ...bulkDeps, retry, pace: new ReadPace({ concurrency: 1 }) }, {}, PAGE);
    const read = new Set<string>();
    for await (const { lists, place } of scanList(reader, null, 0)) {
      for (const { id } of lists.flatMap(({ users }) => users)) read.add(id);
      if (place.first !== 300) continue;
      for (const id of ids.slice(100, 299)) keycloak.users.delete(id);
      Object.assign(keycloak.users.get("u00299") ?? {}, { username: "name-u00500-too" });
    }
    expect(without(ids, [...read])).toEqual([]);
  });

  test("a user who is renamed past the place of reading is read in another pass", async () => {
    const fixture = older();
    const ids = fixture.addUsers(500);
    const { ids: scanned } = await scan(fixture, { concurrency: 1 }, (_, at) => {
      if (at === 1) Object.assign(fixture.keycloak.users.get("u00499") ?? {}, { username: "aaa" });
    });
    expect(without(ids, scanned)).toEqual([]);
  });

  test("a count that is higher than the list, for ever, costs one more pass", async () => {
    const fixture = older();
    const ids = fixture.addUsers(200);
    const count = fixture.keycloak.userRepository.countUsers.bind(fixture.keycloak.userRepository);
    fixture.keycloak.userRepository.countUsers = async (search) => (await count(search)) + 2;
    const { ids: scanned } = await scan(fixture);
    expect(scanned.length).toBe(2 * ids.length);
  });

  test("many more that are counted and never listed are not waited for", async () => {
    const fixture = older();
    const ids = fixture.addUsers(250);
    fixture.keycloak.userRepository.countUsers = async () => 1_000_000;
    expect([...new Set((await scan(fixture)).ids)].toSorted()).toEqual(ids);
  });

  test("any scan that was cut short goes on from a page's position to the same end, on a newer Keycloak too", async () => {
    const fixture = older();
    const ids = fixture.addUsers(650);
    const { pages } = await scan(fixture);
    for (const [place, { position }] of pages.entries()) {
      const before = pages.slice(0, place + 1).flatMap(({ users }) => users.map(({ id }) => id));
      fixture.keycloak.features.createdFilter = place % 2 === 0;
      const rest = await scan(fixture, { position: JSON.parse(JSON.stringify(position)) });
      expect([...new Set([...before, ...rest.ids])].toSorted()).toEqual(ids);
      expect(rest.ids.length).toBeLessThanOrEqual(ids.length - before.length + PAGE);
    }
  });

  test("a scan by created time goes on with the list where an older Keycloak answers by now", async () => {
    const fixture = createBulkFixture();
    const ids = fixture.addUsers(300);
    const { pages } = await scan(fixture);
    fixture.keycloak.features.createdFilter = false;
    const position = pages[1]?.position as UserPage["position"];
    expect((await scan(fixture, { position })).ids.toSorted()).toEqual(ids);
  });

  test("a user whom Keycloak fails to show does not stop the others", async () => {
    const fixture = older();
    const ids = fixture.addUsers(250);
    const search = fixture.keycloak.userRepository.searchUsers.bind(fixture.keycloak.userRepository);
    fixture.keycloak.userRepository.searchUsers = async (query) => {
      const users = await search(query);
      if (users.some(({ id }) => id === "u00117")) throw new AuthError("keycloak.unavailable");
      return users;
    };
    const { pages, ids: scanned } = await scan(fixture);
    expect([...new Set(scanned)].toSorted()).toEqual(ids.filter((id) => id !== "u00117"));
    expect(pages.some(({ unreadable }) => unreadable.rows === 1)).toBe(true);
  });
});

describe("whatever a server does, a scan ends", () => {
  test("one that gives the same page for each offset", async () => {
    const fixture = older();
    fixture.addUsers(5_000);
    const search = fixture.keycloak.userRepository.searchUsers.bind(fixture.keycloak.userRepository);
    fixture.keycloak.userRepository.searchUsers = (query) => search({ ...query, first: 0 });
    await expect(scan(fixture)).rejects.toMatchObject({ code: "bulk.unlistable" });
  });

  test("one whose list is another with each page", async () => {
    const fixture = older();
    fixture.addUsers(500);
    const { userRepository } = fixture.keycloak;
    let page = 0;
    const search = userRepository.searchUsers.bind(userRepository);
    userRepository.searchUsers = async (query) => {
      page += 1;
      return (await search(query)).map((user) => ({ ...user, id: `${user.id}-${page}` }));
    };
    await expect(scan(fixture)).rejects.toMatchObject({ code: "bulk.unlistable" });
  });

  test("one that is said to mind created times and does not", async () => {
    const fixture = createBulkFixture();
    fixture.addUsers(500);
    let calls = 0;
    const { userRepository } = fixture.keycloak;
    const count = userRepository.countUsers.bind(userRepository);
    userRepository.countUsers = async ({ createdAfter: _, createdBefore: __, ...search } = {}) => {
      calls += 1;
      return await count(search);
    };
    const strangers = new AuthError("internal.error");
    userRepository.searchUsers = async () => {
      throw strangers;
    };
    await failure(scan(fixture), "internal.error");
    expect(calls).toBeLessThan(200);
  });

  test("the operator's signal ends it before the next call, though none fails", async () => {
    const fixture = older();
    fixture.addUsers(2_000);
    const stop = new AbortController();
    const retry = new OutageRetry({ outageMs: 10_000, signal: stop.signal });
    const pages = scanKeycloakUsers({ ...fixture.bulkDeps, retry }, { pageSize: PAGE, now: fixture.bulkDeps.now });
    await pages.next();
    stop.abort();
    const rest = async () => {
      for await (const _ of pages);
    };
    await expect(rest()).rejects.toBeInstanceOf(InterruptedError);
    const { calls } = fixture.keycloak;
    expect(calls.filter((call) => call === "search_users").length).toBeLessThan(6);
  });
});
