import { CONNECTION, checkDirectUrl, checkSchema } from "@libs/auth-guard/startup-check";
import { type DatabaseFacts, inspectDatabase, MigrationError } from "@libs/database/migrate";
import { GATEWAY_RIGHTS } from "@libs/keycloak-authV2/startup-check";
import { type Finding, finding } from "@libs/problems/findings";
import type { DoctorOptions } from "./doctor-options.ts";

const OLDEST_POSTGRES = 14;
const NEWEST_POSTGRES = 18;
/** Of each gateway, beside its pool: background work has three, limits have two. */
const BESIDE_POOL = 5;

/** @returns `usable`: whether the tables can be read */
export async function checkDatabase(options: DoctorOptions): Promise<{ findings: Finding[]; usable: boolean }> {
  const { databaseUrl, databaseDirectUrl, timeoutMs = 10_000, now = Date.now } = options;
  const [schema, direct] = await Promise.all([
    checkSchema({ databaseUrl, timeoutMs, now }, { rights: GATEWAY_RIGHTS }),
    checkDirectUrl({ databaseUrl, databaseDirectUrl, timeoutMs }),
  ]);
  const quick = { ...schema, findings: [...schema.findings, ...direct] };
  if (quick.findings.some(({ code }) => CONNECTION.has(code))) return quick;
  try {
    const facts = await inspectDatabase(databaseUrl, { timeoutMs, now });
    return { ...quick, findings: [...quick.findings, ...databaseFindings(facts, options)] };
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    return { findings: [...quick.findings, finding("database.unreachable", error.message)], usable: false };
  }
}

function databaseFindings(facts: DatabaseFacts, { poolSize = 10, replicas = 2 }: DoctorOptions): Finding[] {
  const { majorVersion, migrations, connections } = facts;
  const needed = (poolSize + BESIDE_POOL) * replicas;
  const wrong: [boolean, () => Finding][] = [
    [majorVersion < OLDEST_POSTGRES, () => finding("database.version_old", String(majorVersion))],
    [majorVersion > NEWEST_POSTGRES, () => finding("database.version_untested", String(majorVersion))],
    [migrations.edited.length > 0, () => finding("database.migration_edited", migrations.edited.join(", "))],
    [!facts.mayCreateSchemas, () => finding("database.no_create")],
    [
      needed > connections,
      () =>
        finding(
          "database.connections",
          `${replicas} replicas with up to ${poolSize + BESIDE_POOL} each, but only ${connections} connections`,
        ),
    ],
  ];
  return wrong.flatMap(([isWrong, describe]) => (isWrong ? [describe()] : []));
}
