// Sweeps on a real PostgreSQL: what they cost does not grow with their tables, and one table's failure is its own.
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  createDatabase,
  createPersonRepository,
  createRepositories,
  DatabaseClient,
  DatabaseTimeoutError,
  type PrismaClient,
  type Repositories,
  type SessionFilter,
  type SessionMark,
  type SessionPage,
} from "@libs/database";
import { migrate } from "@libs/database/migrate";
import { openTestPostgres, STACK_TIMEOUT_MS, type TestPostgres } from "@libs/dev-stack";
import { eventually } from "../support/eventually.ts";
import { startedSessions } from "../support/started-sessions.ts";

let server: TestPostgres;
let prisma: PrismaClient;
let repositories: Repositories;
let other: DatabaseClient;

beforeAll(async () => {
  server = await openTestPostgres({ settings: ["autovacuum = off"] });
  const url = server.url("postgres");
  await migrate(url);
  prisma = createDatabase(url, { connectTimeoutMs: 10_000, queryTimeoutMs: 10_000 });
  repositories = createRepositories(prisma);
  other = new DatabaseClient(url);
  await other.connect();
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await prisma?.$disconnect();
  await other?.end();
  await server?.stop();
});

test(
  "refreshes stay HOT updates: they write no index",
  async () => {
    const { refreshAll } = await startedSessions(repositories, 40);
    const counts = async () => {
      const { rows } = await other.query<{ updates: number; hot: number }>(
        "SELECT n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = 'sessions'",
      );
      return rows[0] ?? { updates: 0, hot: 0 };
    };
    const before = await counts();
    for (let times = 0; times < 10; times++) await refreshAll();
    // Each is two updates: the lease, and the tokens. Statistics come seconds later.
    const after = await eventually(async () => {
      const counted = await counts();
      expect(counted.updates - before.updates).toBeGreaterThanOrEqual(800);
      return counted;
    }, 30_000);
    expect((after.hot - before.hot) / (after.updates - before.updates)).toBeGreaterThanOrEqual(0.95);
  },
  STACK_TIMEOUT_MS,
);

test("sessions that replicas of the version before start are checked too", async () => {
  const { sessions } = await startedSessions(repositories, 2);
  const ids = sessions.map(({ sessionId }) => sessionId);
  // As that version writes them: it does not know the column.
  await other.query("UPDATE sessions SET expiry_check_at = DEFAULT WHERE session_id = ANY($1)", [ids]);
  await other.query("UPDATE sessions SET refresh_expires_at = now() WHERE session_id = $1", [ids[0]]);
  expect(await repositories.sessions.endExpired(new Date(Date.now() + 1_000), 100)).toEqual({ checked: 2, ended: 1 });
  const { rows } = await other.query<{ same: boolean }>(
    "SELECT expiry_check_at = refresh_expires_at AS same FROM sessions WHERE session_id = $1 AND ended_at IS NULL",
    [ids[1]],
  );
  expect(rows).toEqual([{ same: true }]);
});

test("a session with more spent hashes than one statement can delete goes in batches", async () => {
  const { sessions, refreshAll } = await startedSessions(repositories, 1);
  const [{ sessionId = "" } = {}] = sessions;
  await refreshAll();
  await other.query(
    "INSERT INTO spent_refresh_tokens SELECT $1, 'spent-' || n, now() FROM generate_series(1, 20000) AS n",
    [sessionId],
  );
  const endedAt = new Date("2001-01-01T00:00:00Z");
  await repositories.sessions.end(sessionId, "logout", endedAt);
  const removed: number[] = [];
  do removed.push(await repositories.retention.deleteEndedSessions(new Date("2001-01-02T00:00:00Z"), 5_000));
  while (removed.at(-1) !== 0);
  // The hash of the refresh, and the session itself.
  expect(removed).toEqual([5_000, 5_000, 5_000, 5_000, 2, 0]);
  expect(await repositories.sessions.findById(sessionId)).toBeNull();
});

test("a statement that can't end in time is a time-out, which halves the next batch", async () => {
  const hurried = createDatabase(server.url("postgres"), { statementTimeoutMs: 50, queryTimeoutMs: 5_000 });
  await other.query("BEGIN");
  await other.query("LOCK TABLE spent_refresh_tokens IN ACCESS EXCLUSIVE MODE");
  try {
    const { retention } = createRepositories(hurried);
    await expect(retention.deleteEndedSessions(new Date(), 10)).rejects.toBeInstanceOf(DatabaseTimeoutError);
    expect(await retention.deleteExpiredRateLimits(new Date(), 10)).toBe(0);
  } finally {
    await other.query("ROLLBACK");
    await hurried.$disconnect();
  }
});

test("sessions are listed page by page, whatever few of a page match", async () => {
  const people = createPersonRepository(prisma);
  const { sessions } = await startedSessions(repositories, 6);
  // All start at the same time, in the future: they are the newest of all, in the order of their ids.
  const at = new Date("2040-01-01T00:00:00Z");
  const ids = sessions.map(({ sessionId }) => sessionId).sort();
  await other.query("UPDATE sessions SET started_at = $1 WHERE session_id = ANY($2)", [at, ids]);
  const [idle = "", ended = ""] = ids;
  await other.query(
    "UPDATE sessions SET last_seen_at = '2000-01-01', ip_address = '203.0.113.7' WHERE session_id = $1",
    [idle],
  );
  await repositories.sessions.end(ended, "logout", new Date());
  const list = async (filter: SessionFilter) => {
    const pages: string[][] = [];
    let mark: SessionMark | null = null;
    do {
      const page: SessionPage = await people.listSessions({ startedAfter: at, ...filter }, mark, 2);
      pages.push(page.sessions.map(({ sessionId, username }) => (sessionId === username ? sessionId : "whose?")));
      mark = page.next;
    } while (mark !== null);
    return pages;
  };
  const [, , third = "", fourth = "", fifth = "", sixth = ""] = ids;
  expect(await list({})).toEqual([[sixth, fifth], [fourth, third], [idle]]);
  expect(await list({ ended: true })).toEqual([[sixth, fifth], [fourth, third], [ended, idle], []]);
  expect(await list({ lastSeenBefore: new Date("2001-01-01") })).toEqual([[], [], [idle]]);
  expect(await list({ ipAddress: "203.0.113.0/24" })).toEqual([[], [], [idle]]);
  expect(await list({ userId: idle })).toEqual([[idle]]);
  expect(await list({ sessionIds: [ended, fifth] })).toEqual([[fifth]]);
  expect(await list({ startedBefore: at })).toEqual([[]]);
});
