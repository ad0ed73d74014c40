// The pool on a real PostgreSQL: the level of its transactions, what is run again, and which servers are left.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createDatabase, DatabasePool, type PrismaClient } from "@libs/database";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import type { Pool } from "pg";

let url: string;
let sql: SQL;
let pool: Pool;
let prisma: PrismaClient;

beforeAll(async () => {
  ({ url } = await (await useStack()).createDatabase());
  sql = new SQL(url, { max: 2 });
  await sql`CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL)`;
  await sql`INSERT INTO counters VALUES (1, 0), (2, 0)`;
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await sql?.close();
});

const open = () => {
  pool = new DatabasePool({ connectionString: url, max: 6, idleTimeoutMillis: 0 });
  pool.on("error", () => {});
  prisma = createDatabase(url);
};
const close = () => Promise.all([pool.end(), prisma.$disconnect()]);
const counter = async (id: number): Promise<number> => (await sql`SELECT n FROM counters WHERE id = ${id}`)[0].n;
const set = (setting: string, value: string) =>
  sql.unsafe(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET ${setting} = '${value}'`);

describe.each(["read committed", "repeatable read", "serializable"])("where %s is the default", (level) => {
  beforeEach(async () => {
    await set("default_transaction_isolation", level);
    open();
  });
  afterEach(close);

  test("single statements that meet at one row all succeed, each once", async () => {
    const before = await counter(1);
    const add = "UPDATE counters SET n = n + 1 WHERE id = 1";
    await Promise.all(Array.from({ length: 40 }, () => pool.query(add)));
    await Promise.all(Array.from({ length: 40 }, () => prisma.$executeRawUnsafe(add)));
    expect((await counter(1)) - before).toBe(80);
  });

  test("a transaction is READ COMMITTED, unless it asks for another level", async () => {
    const levelOf = async (isolationLevel?: "Serializable") => {
      const [row] = await prisma.$transaction(
        (tx) => tx.$queryRaw<{ level: string }[]>`SELECT current_setting('transaction_isolation') AS level`,
        isolationLevel && { isolationLevel },
      );
      return row?.level;
    };
    expect(await levelOf()).toBe("read committed");
    expect(await levelOf("Serializable")).toBe("serializable");
  });

  test("a failure of another kind is not run again", async () => {
    const before = await counter(1);
    const refused = pool.query(
      "WITH u AS (UPDATE counters SET n = n + 1 WHERE id = 1 RETURNING n) SELECT 1 / (n - n) FROM u",
    );
    await expect(refused).rejects.toMatchObject({ code: "22012" });
    expect(await counter(1)).toBe(before);
  });
});

describe("a deadlock", () => {
  beforeEach(async () => {
    await set("default_transaction_isolation", "read committed");
    // The statement is its victim: the other one looks for it later.
    await set("deadlock_timeout", "20ms");
    open();
  });
  afterEach(close);

  test("the statement that PostgreSQL gave up for another is run again", async () => {
    const before = [await counter(1), await counter(2)];
    const other = await sql.reserve();
    await other`SET deadlock_timeout = '1min'`;
    await other`BEGIN`;
    await other`UPDATE counters SET n = n + 10 WHERE id = 1`;
    const both = pool.query(`
      WITH two AS (UPDATE counters SET n = n + 1 WHERE id = 2 RETURNING n)
      UPDATE counters SET n = n + 1 WHERE id = 1 AND (SELECT max(n) FROM two) > -1`);
    // The statement holds 2 and waits for 1 as soon as 2 can't be had.
    while ((await sql`SELECT 1 FROM counters WHERE id = 2 FOR UPDATE SKIP LOCKED`).length > 0) await Bun.sleep(5);
    await other`UPDATE counters SET n = n + 10 WHERE id = 2`;
    await other`COMMIT`;
    other.release();
    expect((await both).rowCount).toBe(1);
    expect([await counter(1), await counter(2)]).toEqual(before.map((n) => n + 11));
  });
});

describe("a server that can't serve writes", () => {
  beforeEach(() => open());
  afterEach(close);

  /** Opens every connection of the pool. @returns the server's processes */
  async function pids(): Promise<number[]> {
    const clients = await Promise.all(Array.from({ length: 6 }, () => pool.connect()));
    const rows = await Promise.all(clients.map((client) => client.query("SELECT pg_backend_pid() AS pid")));
    for (const client of clients) client.release();
    return rows.map(({ rows: [row] }) => row.pid);
  }
  const alive = async (of: number[]) =>
    (await sql`SELECT pid FROM pg_stat_activity WHERE pid IN ${sql(of)}`).map(({ pid }: { pid: number }) => pid);

  test("25006 within a transaction: its connection and all others of the pool are closed", async () => {
    const before = await pids();
    const [user, bystander] = [await pool.connect(), await pool.connect()];
    await user.query("SET default_transaction_read_only = on");
    await user.query("BEGIN");
    await expect(user.query("UPDATE counters SET n = n")).rejects.toMatchObject({ code: "25006" });
    await user.query("ROLLBACK");
    user.release();
    await bystander.query("SELECT 1");
    bystander.release();
    while ((await alive(before)).length > 0) await Bun.sleep(5);
    const after = await pids();
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    await pool.query("UPDATE counters SET n = n");
  });

  test("57P01 of an idle connection: so are the others", async () => {
    const before = await pids();
    await sql`SELECT pg_terminate_backend(${before[0]})`;
    while ((await alive(before)).length > 0) await Bun.sleep(5);
    expect((await pids()).filter((pid) => before.includes(pid))).toEqual([]);
  });

  test("left while all connections are in use: who gets none in time hears so, and what was opened after it stays open", async () => {
    const small = new DatabasePool({ connectionString: url, max: 2, connectionTimeoutMillis: 200 });
    const [held, idle] = [await small.connect(), await small.connect()];
    idle.release();
    // The idle one is closed, and the one in its place is used by the first of them for longer than others wait.
    const waiting = [small.connect(), small.connect()];
    small.leaveServer();
    const [used, ...others] = (await Promise.allSettled(waiting)).toSorted((a) => (a.status === "fulfilled" ? -1 : 1));
    expect(others).toMatchObject([{ status: "rejected", reason: { message: expect.stringContaining("timeout") } }]);
    if (used?.status !== "fulfilled") throw new Error("nobody got a connection");
    const pidOf = async (client: { query(text: string): Promise<{ rows: { pid: number }[] }> }) =>
      (await client.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid;
    const pid = await pidOf(used.value);
    used.value.release();
    expect(await pidOf(small)).toBe(pid);
    held.release();
    await small.end();
  });

  test("left on purpose, for whoever learns of it elsewhere", async () => {
    const [{ pid }] = await prisma.$queryRaw<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`;
    prisma.leaveServer();
    while ((await alive([pid])).length > 0) await Bun.sleep(5);
    const [after] = await prisma.$queryRaw<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`;
    expect(after.pid).not.toBe(pid);
  });
});
