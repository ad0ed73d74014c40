import { expect, test } from "bun:test";
import { migrationSteps } from "./migration-steps.ts";

const steps = (sql: string) => migrationSteps({ name: "m", sql: `-- migrate: non-transactional\r\n${sql}` });

test("without the mark in its first line, a migration is one transaction", () => {
  expect(migrationSteps({ name: "m", sql: "SELECT 1; -- migrate: non-transactional" })).toBeUndefined();
});

test.each([
  ['CREATE INDEX CONCURRENTLY "a b" ON t (c)', '"a b"', "t"],
  ["create unique index concurrently if not exists a on only s.t using btree (c)", "a", "s.t"],
  ['CREATE INDEX CONCURRENTLY\n  "on" ON "S"."T"(c)', '"on"', '"S"."T"'],
])("%j builds an index", (sql, index, table) => {
  expect(steps(sql)).toEqual([{ kind: "build_index", sql, index, table }]);
});

test("what refuses a transaction is run by itself; all else in a transaction", () => {
  const sql = [
    "DROP INDEX CONCURRENTLY IF EXISTS a",
    "CALL p()",
    "VACUUM t",
    "CREATE INDEX a ON t (c)",
    "DROP INDEX a",
  ];
  const kinds = ["repeatable", "repeatable", "repeatable", "transaction", "transaction"];
  expect(steps(sql.join(";\n"))?.map(({ kind }) => kind as string)).toEqual(kinds);
});

test.each(["CREATE INDEX CONCURRENTLY ON t (c)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS ON t (c)"])(
  "%j has no name to be found by",
  (sql) => {
    expect(() => steps(sql)).toThrow("has to name its index");
  },
);
