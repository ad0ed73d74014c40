// No statement of the product reads a table that grows as a whole: each is planned on large tables, and its plan is read.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDatabase, createPersonRepository, DatabaseClient, type PrismaClient } from "@libs/database";
import { migrate } from "@libs/database/migrate";
import { openTestPostgres, STACK_TIMEOUT_MS, type TestPostgres } from "@libs/dev-stack";
import { fillLargeTables, GROWING_TABLES } from "../support/large-tables.ts";
import { repositoryContracts } from "../support/repository-contracts.ts";
import { recordStatements, type StatementRecorder } from "../support/statement-recorder.ts";
import { UnboundedReads } from "../support/unbounded-reads.ts";

/** Statements that may read all of a table, and why. */
const EXCEPTIONS: { statement: RegExp; why: string }[] = [
  { statement: /FROM "rate_limits" WHERE 1=1/, why: "how the contract checks what is left, not the product" },
  {
    statement: /FROM idempotency_keys\s+WHERE expires_at > \$1 GROUP BY 1/,
    why: "authctl keys: an operator's question, once, of the keys of one day",
  },
];

let server: TestPostgres;
let prisma: PrismaClient;
let recorder: StatementRecorder;
let large: DatabaseClient;
let reads: UnboundedReads;

beforeAll(async () => {
  server = await openTestPostgres();
  const admin = new DatabaseClient(server.url("postgres"));
  await admin.connect();
  for (const name of ["small", "large"]) await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  for (const name of ["small", "large"]) await migrate(server.url(name));
  large = new DatabaseClient(server.url("large"));
  await large.connect();
  await fillLargeTables(large);
  reads = await UnboundedReads.on(large, GROWING_TABLES);
  prisma = createDatabase(server.url("small"), { connectTimeoutMs: 10_000, queryTimeoutMs: 10_000 });
  recorder = recordStatements((client) => client.database === "small");
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  recorder?.stop();
  await prisma?.$disconnect();
  await large?.end();
  await server?.stop();
});

describe("what is recorded", () => {
  repositoryContracts("PostgreSQL, recorded", () => prisma);

  test("what operators ask of one person and of sessions", async () => {
    const people = createPersonRepository(prisma);
    const now = new Date();
    const mark = { startedAt: now, sessionId: "s" };
    await people.collect("nobody");
    await people.erase("nobody", now);
    const narrow = { ipAddress: "203.0.113.0/24", lastSeenBefore: now };
    for (const filter of [
      {},
      { ended: true },
      { userId: "u" },
      { sessionIds: ["s"] },
      narrow,
      { startedBefore: now, startedAfter: now },
    ])
      for (const after of [null, mark]) await people.listSessions(filter, after, 10);
    expect(await people.listSessions({}, null, 0)).toEqual({ sessions: [], next: null });
  });
});

describe("its plans", () => {
  test("a planted scan is found", async () => {
    expect(await reads.of("SELECT count(*) FROM sessions")).not.toEqual([]);
    expect(await reads.of("SELECT 1 FROM users WHERE lower(first_name) = lower($1)")).toEqual(["Seq Scan on users"]);
    expect(await reads.of("DELETE FROM keycloak_logouts WHERE attempts > $1")).toEqual([
      "Seq Scan on keycloak_logouts",
    ]);
    expect(await reads.of("SELECT 1 FROM sessions WHERE refresh_expires_at <= $1 LIMIT 500")).not.toEqual([]);
    expect(await reads.of("SELECT 1 FROM orders WHERE status = 'none' ORDER BY id LIMIT 1")).not.toEqual([]);
    expect(await reads.of("SELECT 1 FROM users WHERE id = $1")).toEqual([]);
    expect(await reads.of("SELECT 1 FROM domain_events ORDER BY id LIMIT 10")).toEqual([]);
  });

  test(
    "no statement reads a growing table as a whole",
    async () => {
      const texts = recorder.texts();
      expect(texts.length).toBeGreaterThan(100);
      const found: Record<string, string[]> = {};
      for (const text of texts) {
        if (EXCEPTIONS.some(({ statement }) => statement.test(text))) continue;
        const problems = await reads.of(text);
        if (problems.length > 0) found[text.replace(/\s+/g, " ").trim()] = problems;
      }
      expect(found).toEqual({});
    },
    STACK_TIMEOUT_MS,
  );

  test("each exception is of a statement that there is", () => {
    const unused = EXCEPTIONS.filter(({ statement }) => !recorder.texts().some((text) => statement.test(text)));
    expect(unused).toEqual([]);
  });
});
