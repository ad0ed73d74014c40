import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import type { ServerFeatures } from "../../ports/ports.ts";
import { AdminApi } from "../calls/admin-api.ts";
import { AdminTokenProvider } from "../calls/admin-token-provider.ts";
import { AdminKeycloakUserRepository } from "../keycloak-admin-user-repository.ts";

/** Answers as servers do that have the features of `does`, to a repository that takes them for what is in `known`. */
const newest: ServerFeatures = { createdFilter: true, searchByIds: true, filteredCounts: true, eventsByTime: true };
const v26_2: ServerFeatures = { ...newest, createdFilter: false, searchByIds: false, filteredCounts: false };

interface Stored {
  id: string;
  username: string;
  enabled: boolean;
  emailVerified: boolean;
  createdTimestamp: number;
  locked?: boolean;
  account?: boolean;
}

let does = newest;
let known = newest;
let doubts = 0;
let stored: Stored[] = [];
let asked: string[] = [];

const server = Bun.serve({
  port: 0,
  fetch(request) {
    const { pathname, search, searchParams: query } = new URL(request.url);
    if (pathname.endsWith("/token")) return Response.json({ access_token: "t", expires_in: 300 });
    asked.push(`${pathname.split("/r/")[1]}${decodeURIComponent(search)}`);
    if (pathname.endsWith("/users/count")) return Response.json(count(query));
    if (!/\/users\/?$/.test(pathname)) return Response.json(alone(pathname.split("/").at(-1) ?? ""));
    return Response.json(list(query));
  },
});
afterAll(() => server.stop(true));

beforeEach(() => {
  [does, known, doubts, asked] = [newest, newest, 0, []];
  const user = (id: string, change: Partial<Stored> = {}) => ({
    id,
    username: `name-${id}`,
    enabled: true,
    emailVerified: true,
    createdTimestamp: 1_000,
    attributes: { registrationId: ["m"] },
    requiredActions: ["CONFIGURE_TOTP"],
    ...change,
  });
  stored = [
    user("a"),
    user("b", { enabled: false }),
    user("c", { emailVerified: false, createdTimestamp: 5_000 }),
    user("locked", { locked: true }),
    user("sa", { account: true, emailVerified: false }),
  ];
});

/** Up to 26.2 one who is locked reads as disabled. */
function alone(id: string) {
  const found = stored.find((user) => user.id === id);
  return found?.locked && !does.searchByIds ? { ...found, enabled: false } : found;
}

function list(query: URLSearchParams): Stored[] {
  const search = query.get("search");
  if (search?.startsWith("id:")) {
    const ids = does.searchByIds ? search.slice(3).split(" ") : [search.slice(3)];
    return ids.flatMap((id) => stored.filter((user) => user.id === id));
  }
  const after = does.createdFilter ? Number(query.get("createdAfter") ?? 0) : 0;
  return stored.filter(({ createdTimestamp, account }) => createdTimestamp >= after && !account);
}

function count(query: URLSearchParams): number {
  const bySearch = query.has("search");
  const flags = ["enabled", "emailVerified"] as const;
  const minded = !bySearch || does.filteredCounts ? flags.filter((flag) => query.has(flag)) : [];
  // Without a condition, and in a search that counts as it lists, service accounts are left out.
  const withAccounts = bySearch ? !does.filteredCounts : minded.length > 0;
  return stored.filter(
    (user) => (withAccounts || !user.account) && minded.every((flag) => String(user[flag]) === query.get(flag)),
  ).length;
}

function repository(): AdminKeycloakUserRepository {
  const url = server.url.href.replace(/\/$/, "");
  const tokens = new AdminTokenProvider({ tokenUrl: `${url}/token`, grant: {}, timeoutMs: 1_000 });
  const api = new AdminApi({ url, realm: "r", tokens, timeoutMs: 1_000 });
  return new AdminKeycloakUserRepository(api, "gw", {
    current: async () => known,
    doubt: () => {
      doubts += 1;
      known = does;
    },
  });
}

const everybody = { search: "*" };

describe.each([
  ["26.2", v26_2],
  ["26.7", newest],
] as const)("a server that does what %s does", (_, features) => {
  beforeEach(() => {
    [does, known] = [features, features];
  });

  test("gives users by their ids", async () => {
    const found = await repository().getUsers(["a", "b", "nobody", "c"]);
    expect(found.map(({ id }) => id).toSorted()).toEqual(["a", "b", "c"]);
    expect(asked).toHaveLength(features.searchByIds ? 1 : 4);
  });

  test("counts people: all, enabled and not, with a verified email and without", async () => {
    const users = repository();
    const counts = await Promise.all(
      [{}, { enabled: true }, { enabled: false }, { emailVerified: true }, { emailVerified: false }].map((flag) =>
        users.countUsers({ ...everybody, ...flag }),
      ),
    );
    expect(counts).toEqual([4, 3, 1, 3, 1]);
  });

  test("shows a locked account as it is, read alone and together with others", async () => {
    const users = repository();
    expect((await users.getUser("locked"))?.enabled).toBe(true);
    expect((await users.getUser("b"))?.enabled).toBe(false);
    expect((await users.getUsers(["locked"])).map(({ enabled }) => enabled)).toEqual([true]);
  });

  test("lists who was created since, on a page that is not full", async () => {
    const since = { createdAfter: new Date(2_000) };
    const found = await repository().searchUsers(since);
    // Servers of 26.3 and 26.4 answer in full.
    expect(found).toMatchObject([{ id: "c", attributes: {}, requiredActions: [] }]);
    if (!features.createdFilter) await failure(repository().searchUsers({ ...since, max: 4 }), "internal.error");
    if (!features.createdFilter) await failure(repository().countUsers(since), "internal.error");
  });
});

describe("a server that was replaced by an older one", () => {
  beforeEach(() => {
    does = v26_2;
  });

  test("finds nobody by several ids: it is asked what it can do, and for each", async () => {
    expect((await repository().getUsers(["a", "c"])).map(({ id }) => id)).toEqual(["a", "c"]);
    expect(doubts).toBe(1);
  });

  test("lists users of another time: nothing is taken from that", async () => {
    await failure(repository().searchUsers({ createdAfter: new Date(2_000) }), "keycloak.unavailable");
    expect(doubts).toBe(1);
  });
});
