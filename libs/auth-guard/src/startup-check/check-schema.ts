import { StatementRefusedError } from "@libs/postgres";
import {
  ConnectionError,
  type ConnectionFailureKind,
  expectedSchema,
  inspectSchema,
  type SchemaFacts,
  type TableRight,
} from "@libs/postgres/schema-check";
import type { FindingCode } from "@libs/problems/findings";
import { type Finding, finding } from "@libs/problems/findings";
import { clockFindings } from "./check-clock.ts";
import { QUICK_TIMEOUT_MS, type QuickOptions } from "./quick-options.ts";

export interface SchemaNeeds {
  /** The tables that the code reads; every one of ours when left out. */
  tables?: readonly string[];
  /** What it does to which tables, beside reading. */
  rights?: Readonly<Record<string, readonly TableRight[]>>;
}

const FAILURES: Record<ConnectionFailureKind, FindingCode> = {
  unreachable: "database.unreachable",
  starting: "database.unreachable",
  not_postgres: "database.not_postgres",
  unknown_database: "database.unknown",
  wrong_password: "database.password_wrong",
  refused: "database.refused",
  tls: "database.tls",
  too_many_connections: "database.connections_used_up",
};

/**
 * Codes of the findings that mean: there is no connection to the database, so nothing else of it was checked.
 * @see {@link checkSchema}
 */
export const CONNECTION: ReadonlySet<FindingCode> = new Set(Object.values(FAILURES));

/** Most names in one finding. */
const MOST_NAMES = 5;

/**
 * Whether there is a connection, and the schema that this code needs.
 * @param needs left out: every table of ours, to be read
 * @returns `usable`: whether the code's tables can be read
 * @throws what is neither a failure to connect nor a refused statement
 * @example
 * ```ts
 * import { CONNECTION, checkSchema } from "@libs/auth-guard/startup-check";
 *
 * const databaseUrl = process.env.DATABASE_URL ?? "";
 * const { findings, usable } = await checkSchema({ databaseUrl }, { tables: ["users"], rights: { users: ["UPDATE"] } });
 * if (!usable) console.error(findings.some(({ code }) => CONNECTION.has(code)) ? "no connection" : "wrong schema");
 * ```
 */
export async function checkSchema(
  { databaseUrl, timeoutMs = QUICK_TIMEOUT_MS, now }: QuickOptions,
  needs: SchemaNeeds = {},
): Promise<{ findings: Finding[]; usable: boolean }> {
  try {
    const facts = await inspectSchema(databaseUrl, { expected: expectedSchema, timeoutMs, now, ...needs });
    const findings = schemaFindings(facts);
    const isComplete = !facts.empty && facts.missing.length === 0 && facts.forbidden.length === 0;
    return { findings: [...findings, ...clockFindings("database", facts.clock)], usable: isComplete };
  } catch (error) {
    return { findings: [failure(error)], usable: false };
  }
}

function failure(error: unknown): Finding {
  if (error instanceof ConnectionError)
    return finding(FAILURES[error.failure.kind], error.failure.reason ?? error.failure.code);
  if (error instanceof StatementRefusedError) return finding("database.unreadable", error.sqlState);
  throw error;
}

function schemaFindings(facts: SchemaFacts): Finding[] {
  const { empty, elsewhere, migrations, missing, demanded, forbidden, readOnly } = facts;
  if (empty && elsewhere.length > 0) return [finding("database.schema_not_visible", elsewhere.join(", "))];
  if (empty) return [finding("database.empty")];
  const wrong: [readonly string[] | undefined, FindingCode][] = [
    [migrations?.unfinished, "database.migration_failed"],
    [migrations?.missing, "database.migrations_missing"],
    [migrations?.unknown, "database.migrations_newer"],
    [missing, "database.schema_incomplete"],
    [demanded, "database.columns_demanded"],
    [forbidden, "database.no_rights"],
  ];
  return [
    ...wrong.flatMap(([names, code]) => (names && names.length > 0 ? [finding(code, listed(names))] : [])),
    ...(readOnly ? [finding("database.read_only")] : []),
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return [...names.slice(0, MOST_NAMES), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}
