import type { Migration } from "@libs/postgres";
import { MigrationError, NON_TRANSACTIONAL_MARK } from "./migration-error.ts";
import { splitStatements } from "./split-statements.ts";

/** One statement of a migration whose statements are committed one by one. */
export type MigrationStep =
  /** In a transaction, which also counts it: it takes effect exactly once. */
  | { kind: "transaction"; sql: string }
  /** Refuses to run in a transaction. Cut short after it took effect and before it is counted, it runs again. */
  | { kind: "repeatable"; sql: string }
  /** `index` and `table` as they are written. */
  | { kind: "build_index"; sql: string; index: string; table: string };

const MARK = /^-- migrate:.*/;
const NAME = String.raw`(?:"(?:[^"]|"")+"|[a-z_][\w$]*)`;
const BUILDS_INDEX = /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b/i;
const NAMED_INDEX = new RegExp(
  String.raw`${BUILDS_INDEX.source}\s+(?:IF\s+NOT\s+EXISTS\s+)?(?!(?:ON|IF)\s)(?<index>${NAME})\s+ON\s+(?:ONLY\s+)?(?<table>${NAME}(?:\.${NAME})?)`,
  "i",
);
const DROPS_INDEX = /^DROP\s+INDEX\s+CONCURRENTLY\s+(?<guard>IF\s+EXISTS\s)?/i;
const REPEATABLE = /^(CALL|VACUUM)\b/i;
const CONTROLS_TRANSACTION = /^(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)\b/i;

/**
 * The statements of a migration whose file begins with `-- migrate: non-transactional`.
 * @returns undefined: it is one transaction, like most
 * @throws MigrationError where a statement could not be resumed after it was cut short
 */
export function migrationSteps({ name, sql }: Pick<Migration, "name" | "sql">): MigrationStep[] | undefined {
  const mark = MARK.exec(sql)?.[0].trim();
  if (mark === undefined) return undefined;
  if (mark !== NON_TRANSACTIONAL_MARK)
    throw MigrationError.unusable(name, `"${mark}" is not known, only "${NON_TRANSACTIONAL_MARK}"`);
  return splitStatements(sql).map((statement) => stepOf(name, statement));
}

function stepOf(name: string, sql: string): MigrationStep {
  if (BUILDS_INDEX.test(sql)) {
    const { index, table } = NAMED_INDEX.exec(sql)?.groups ?? {};
    if (!index || !table) throw MigrationError.unusable(name, "CREATE INDEX CONCURRENTLY has to name its index");
    return { kind: "build_index", sql, index, table };
  }
  const dropped = DROPS_INDEX.exec(sql);
  if (dropped && !dropped.groups?.["guard"])
    throw MigrationError.unusable(name, "DROP INDEX CONCURRENTLY needs IF EXISTS, so that it can be repeated");
  if (CONTROLS_TRANSACTION.test(sql))
    throw MigrationError.unusable(name, "a non-transactional migration can't begin or end transactions itself");
  return { kind: dropped || REPEATABLE.test(sql) ? "repeatable" : "transaction", sql };
}
