import { expect, test } from "bun:test";
import { splitStatements } from "./split-statements.ts";

test.each([
  ["SELECT 1", ["SELECT 1"]],
  ["SELECT 1;\n\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]],
  ["-- migrate: non-transactional\n\n-- why; because\nSELECT 1; -- end;\n", ["SELECT 1"]],
  ["/* a; /* b; */ c; */ SELECT 1; /* open", ["SELECT 1"]],
  ["SELECT ';', E'it\\';s', 'it''s;' ; SELECT 2", ["SELECT ';', E'it\\';s', 'it''s;'", "SELECT 2"]],
  [`CREATE TABLE "a;b" (id text); SELECT 2`, [`CREATE TABLE "a;b" (id text)`, "SELECT 2"]],
  ["DO $$ BEGIN PERFORM 1; END $$; SELECT 2", ["DO $$ BEGIN PERFORM 1; END $$", "SELECT 2"]],
  ["DO $a$ SELECT $$;$$; $b$;$b$ $a$; SELECT $1", ["DO $a$ SELECT $$;$$; $b$;$b$ $a$", "SELECT $1"]],
  [
    "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
    ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"],
  ],
  ["SELECT 1 -- why\n + 2; ;;", ["SELECT 1 -- why\n + 2"]],
  ["SELECT name'x;' FROM some$table$; SELECT 2", ["SELECT name'x;' FROM some$table$", "SELECT 2"]],
  ["", []],
])("splits %j", (sql, statements) => {
  expect(splitStatements(sql)).toEqual(statements);
});
