import { type DatabaseFacts, inspectDatabase, MigrationError } from "@libs/database/migrate";
import { clockFindings } from "./check-clock.ts";
import type { DoctorOptions } from "./doctor-options.ts";
import { type Finding, finding } from "./finding.ts";

const OLDEST_POSTGRES = 14;
const NEWEST_POSTGRES = 18;
/** Of each gateway, beside its pool: background work has three, limits have two. */
const BESIDE_POOL = 5;

/** @returns `usable`: whether the tables can be read */
export async function checkDatabase(options: DoctorOptions): Promise<{ findings: Finding[]; usable: boolean }> {
  const { databaseUrl, timeoutMs = 10_000, now = Date.now } = options;
  try {
    const facts = await inspectDatabase(databaseUrl, { timeoutMs, now });
    const { missing, failed } = facts.migrations;
    return { findings: databaseFindings(facts, options), usable: missing.length + failed.length === 0 };
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    return { findings: [finding("database.unreachable", error.message)], usable: false };
  }
}

function databaseFindings(facts: DatabaseFacts, { poolSize = 10, replicas = 2 }: DoctorOptions): Finding[] {
  const { majorVersion, migrations, connections } = facts;
  const needed = (poolSize + BESIDE_POOL) * replicas;
  const wrong: [boolean, () => Finding][] = [
    [majorVersion < OLDEST_POSTGRES, () => finding("database.version_old", String(majorVersion))],
    [majorVersion > NEWEST_POSTGRES, () => finding("database.version_untested", String(majorVersion))],
    [facts.readOnly, () => finding("database.read_only")],
    [migrations.failed.length > 0, () => finding("database.migration_failed", migrations.failed.join(", "))],
    [migrations.missing.length > 0, () => finding("database.migrations_missing", migrations.missing.join(", "))],
    [migrations.edited.length > 0, () => finding("database.migration_edited", migrations.edited.join(", "))],
    [migrations.unknown.length > 0, () => finding("database.migrations_newer", migrations.unknown.join(", "))],
    [!facts.mayCreateSchemas, () => finding("database.no_create")],
    [
      needed > connections,
      () =>
        finding(
          "database.connections",
          `${replicas} replicas with up to ${poolSize + BESIDE_POOL} each, and ${connections} there are`,
        ),
    ],
  ];
  return [...wrong.flatMap(([isWrong, tell]) => (isWrong ? [tell()] : [])), ...clockFindings("database", facts.clock)];
}
