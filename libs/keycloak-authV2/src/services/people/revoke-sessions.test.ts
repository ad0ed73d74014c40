import { expect, test } from "bun:test";
import { DatabaseTimeoutError, type ListedSession, type SessionMark } from "@libs/database";
import { createSyncFixture } from "../../testing/sync-fixture.ts";
import { listSessions, type RevokedSession, revokeSessions } from "./revoke-sessions.ts";

const START = Date.UTC(2030, 0, 1);

/** So many sessions, newest first, of which a page holds those of `every`; and what is asked of Keycloak and the queue. */
function begun(count: number, every = 1) {
  const { deps } = createSyncFixture();
  const all = Array.from({ length: count }, (_, n) => {
    const name = `session-${String(count - n).padStart(6, "0")}`;
    const session = { sessionId: name, userId: "u", username: "ada", keycloakSessionId: `sid-${name}` };
    return { ...session, startedAt: new Date(START - n) } as ListedSession;
  });
  const ended = new Set<string>();
  const pages: number[] = [];
  const plans: number[] = [];
  const asked = { keycloak: 0, woken: 0 };
  const listPage = async (_: unknown, after: SessionMark | null, limit: number) => {
    pages.push(limit);
    const from = after ? all.findIndex(({ sessionId }) => sessionId === after.sessionId) + 1 : 0;
    const page = all.slice(from, from + limit);
    const sessions = page.filter(
      (session) => all.indexOf(session) % every === 0 && !ended.has(session.keycloakSessionId),
    );
    return { sessions, next: page.length === limit ? (page.at(-1) ?? null) : null };
  };
  const endLive: typeof deps.sessions.endLive = async (which, _reason, now, logout) => {
    const sids = "keycloakSessionIds" in which ? which.keycloakSessionIds : [];
    for (const sid of sids) ended.add(sid);
    plans.push((logout?.nextAttemptAt.getTime() ?? 0) - now.getTime());
    return all.filter(({ keycloakSessionId }) => sids.includes(keycloakSessionId));
  };
  const keycloak = {
    deleteSession: async () => {
      asked.keycloak += 1;
      return true;
    },
  };
  return {
    deps: {
      ...deps,
      people: { listSessions: listPage },
      sessions: { endLive },
      keycloak,
      wake: () => {
        asked.woken += 1;
      },
    },
    all,
    ended,
    pages,
    plans,
    asked,
  };
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

test("a few are over in Keycloak before the next command", async () => {
  const { deps, ended, asked, plans } = begun(200);
  expect(await collect<RevokedSession>(revokeSessions(deps, {}))).toHaveLength(200);
  expect([ended.size, asked]).toEqual([200, { keycloak: 400, woken: 0 }]);
  expect(plans).toEqual([4_000]);
});

test("a few among many are over in Keycloak too, on whatever pages they are", async () => {
  const { deps, all, ended, asked, plans } = begun(5_000, 1_500);
  expect(await collect<RevokedSession>(revokeSessions(deps, {}))).toHaveLength(4);
  expect([ended.size, asked]).toEqual([4, { keycloak: 8, woken: 0 }]);
  expect(plans).toEqual([4_000, 4_000, 4_000, 4_000]);
  expect(all).toHaveLength(5_000);
});

test("many end page by page, and are left to the gateway in Keycloak", async () => {
  const { deps, ended, asked, plans, pages } = begun(2_500);
  const reached: Date[] = [];
  const revoked = await collect<RevokedSession>(revokeSessions(deps, {}, undefined, (at) => reached.push(at)));
  expect([revoked.length, ended.size, pages]).toEqual([2_500, 2_500, [1_000, 1_000, 1_000]]);
  expect(asked).toEqual({ keycloak: 0, woken: 3 });
  expect(plans).toEqual([0, 0, 0]);
  expect(reached).toEqual([new Date(START - 999), new Date(START - 1_999)]);
  expect(revoked[0]).toMatchObject({ username: "ada", userId: "u" });
});

test("stops before the next page; the same call goes on with the rest", async () => {
  const { deps, ended } = begun(2_500);
  const controller = new AbortController();
  await collect(revokeSessions(deps, {}, controller.signal, () => controller.abort()));
  expect(ended.size).toBe(1_000);
  await collect(revokeSessions(deps, {}));
  expect(ended.size).toBe(2_500);
});

test("a page in which few match is no end of the list, and reports how far it is", async () => {
  const { deps, all } = begun(5_000, 1_500);
  const reached: Date[] = [];
  const found = await collect(listSessions(deps, {}, { onPage: (at) => reached.push(at) }));
  expect(found.map(({ sessionId }) => all.findIndex((each) => each.sessionId === sessionId))).toEqual([
    0, 1_500, 3_000, 4_500,
  ]);
  expect(reached).toHaveLength(5);
  expect(await collect(listSessions(deps, {}, { after: all[1_500] }))).toHaveLength(2);
});

test("a page that times out is asked for again at half the size", async () => {
  const { deps, pages } = begun(600);
  const { listSessions: whole } = deps.people;
  deps.people.listSessions = async (filter, after, limit) => {
    if (limit <= 250) return await whole(filter, after, limit);
    pages.push(limit);
    throw new DatabaseTimeoutError();
  };
  expect(await collect(listSessions(deps, {}))).toHaveLength(600);
  expect(pages.slice(0, 4)).toEqual([1_000, 500, 250, 500]);
});
