import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import { AdminApi } from "../calls/admin-api.ts";
import { AdminTokenProvider } from "../calls/admin-token-provider.ts";
import { probeServer } from "./probe-server.ts";

/** How servers answer what the probe asks, as recorded of 24.0.5, 26.1.4, 26.2.5, 26.3.5, 26.4.7, 26.5.6 and 26.7.4. */
interface Recorded {
  mindsCreatedTimes: boolean;
  findsSeveralIds: boolean;
  countsAsItLists: boolean;
  events: Response | (() => Response);
}

const noEvents = () => Response.json([]);
const daysAlone = () =>
  Response.json({ error: "Invalid value for 'dateFrom', expected format is yyyy-MM-dd" }, { status: 400 });
const refused = () => Response.json({ error: "HTTP 403 Forbidden" }, { status: 403 });
const ownFault = () => Response.json({ error: "unknown_error" }, { status: 500 });

const v26_7: Recorded = { mindsCreatedTimes: true, findsSeveralIds: true, countsAsItLists: true, events: noEvents };
const v26_4: Recorded = { ...v26_7, mindsCreatedTimes: false };
const v26_3: Recorded = { ...v26_4, countsAsItLists: false };
const v26_2: Recorded = { ...v26_3, findsSeveralIds: false };
const v26_1: Recorded = { ...v26_2, events: daysAlone };

const account = { id: "sa-1", username: "service-account-gw", enabled: true };
const person = { id: "p-1", username: "ada", enabled: true };

let recorded = v26_7;
let visible: (typeof account)[] = [account, person];
let asked: string[] = [];

const server = Bun.serve({
  port: 0,
  fetch(request) {
    const { pathname, searchParams: query } = new URL(request.url);
    if (pathname.endsWith("/token")) return Response.json({ access_token: "t", expires_in: 300 });
    asked.push(pathname.slice(pathname.indexOf("/r/") + 3));
    if (pathname.endsWith("/events"))
      return typeof recorded.events === "function" ? recorded.events() : recorded.events;
    if (pathname.endsWith("/users/count")) return Response.json(count(query));
    return Response.json(list(query));
  },
});
afterAll(() => server.stop(true));
beforeEach(() => {
  recorded = v26_7;
  visible = [account, person];
  asked = [];
});

function list(query: URLSearchParams) {
  const search = query.get("search");
  if (search?.startsWith("id:")) {
    const ids = recorded.findsSeveralIds ? search.slice(3).split(" ") : [search.slice(3)];
    return ids.flatMap((id) => visible.filter((user) => user.id === id));
  }
  if (query.has("createdAfter") && recorded.mindsCreatedTimes) return [];
  const username = query.get("username");
  const found = username === null ? visible.filter(({ id }) => id !== "sa-1") : visible;
  return found.filter((user) => username === null || user.username === username).slice(0, Number(query.get("max")));
}

function count(query: URLSearchParams): number {
  const name = query.get("search")?.slice(1, -1);
  const found = visible.filter(({ username }) => username === name);
  if (!recorded.countsAsItLists) return found.length;
  return found.filter(({ id, enabled }) => id !== "sa-1" && String(enabled) === query.get("enabled")).length;
}

function probe() {
  const url = server.url.href.replace(/\/$/, "");
  const tokens = new AdminTokenProvider({ tokenUrl: `${url}/token`, grant: {}, timeoutMs: 1_000 });
  return probeServer(new AdminApi({ url, realm: "r", tokens, timeoutMs: 1_000 }), "GW");
}

const all = { createdFilter: true, searchByIds: true, filteredCounts: true, eventsByTime: true };

describe("what a server can do, by its answers", () => {
  const versions: [string, Recorded, typeof all][] = [
    ["26.6 and 26.7", v26_7, all],
    ["26.4 and 26.5", v26_4, { ...all, createdFilter: false }],
    ["26.3", v26_3, { ...all, createdFilter: false, filteredCounts: false }],
    ["26.2", v26_2, { ...all, createdFilter: false, filteredCounts: false, searchByIds: false }],
    ["24.0 to 26.1", v26_1, { createdFilter: false, filteredCounts: false, searchByIds: false, eventsByTime: false }],
  ];
  test.each(versions)("%s", async (_, answers, expected) => {
    recorded = answers;
    expect(await probe()).toEqual(expected);
    expect(asked).toHaveLength(5);
  });

  test.each(versions)("%s, to an account that sees people and not itself", async (_, answers, expected) => {
    recorded = answers;
    visible = [person];
    expect(await probe()).toEqual(expected);
  });

  test.each(versions)(
    "%s, of a person with a blank in the name: counts are not relied on",
    async (_, answers, expected) => {
      recorded = answers;
      visible = [{ ...person, username: "ada lovelace" }];
      expect(await probe()).toEqual({ ...expected, filteredCounts: false });
    },
  );

  test("where nobody can be seen, what the oldest servers can do is taken for all", async () => {
    visible = [];
    expect(await probe()).toEqual({
      createdFilter: false,
      searchByIds: false,
      filteredCounts: false,
      eventsByTime: true,
    });
  });

  test("an account that may not read events, or whose server fails to, is distinguished from a server that can't", async () => {
    recorded = { ...v26_7, events: refused };
    expect(await probe()).toEqual({ ...all, eventsByTime: null } as never);
    recorded = { ...v26_7, events: ownFault };
    expect(await probe()).toEqual({ ...all, eventsByTime: null } as never);
  });

  test("an outage is no answer", async () => {
    recorded = { ...v26_7, events: () => new Response("bad gateway", { status: 502 }) };
    await failure(probe(), "keycloak.unavailable");
  });
});
