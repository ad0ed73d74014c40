import { followingConnection, readCommittedSession } from "@libs/database";
import type { Logger } from "@libs/observability";
import type { Secret } from "@libs/observability/secrets";
import { type ConstructorOptions, PgBoss } from "pg-boss";
import { BOSS_LIMITS } from "../../workers/boss-limits.ts";
import { followUrl } from "../../workers/follow-url.ts";

interface EventBossOptions {
  /** Directly, or through a pooler in session mode. */
  databaseDirectUrl: Secret;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Most connections at once, besides the one that listens. */
  connections: number;
  /** Whether it works queues: listens, and frees what dead processes hold. */
  works: boolean;
  logger: Logger;
}

/** How soon after its heartbeat a dead process's event is given to another, in seconds. */
const SUPERVISE_S = 5;
const CLEAN_UP_S = 300;
const LOG_EVERY_MS = 30_000;

const LIMITS = { statement_timeout: "5000" };
/**
 * A burst of events comes before its statistics: pg-boss's query for the first event of each user would be run as a loop
 * in a loop over all that wait, for a minute or so.
 */
const PLANS = { enable_nestloop: "off" };

/** pg-boss on the schema that the gateway's sweeps use too; whoever starts first creates it. Not started yet. */
export function createEventBoss({
  databaseDirectUrl,
  applicationName,
  connections,
  works,
  logger,
}: EventBossOptions): PgBoss {
  const upkeep: ConstructorOptions = works
    ? {
        useListenNotify: true,
        superviseIntervalSeconds: SUPERVISE_S,
        monitorIntervalSeconds: SUPERVISE_S,
        maintenanceIntervalSeconds: CLEAN_UP_S,
      }
    : { supervise: false };
  const boss = new PgBoss({
    ...followingConnection(databaseDirectUrl, {
      settings: works ? { ...LIMITS, ...PLANS } : LIMITS,
      keepsSession: true,
    }),
    ...readCommittedSession,
    ...BOSS_LIMITS,
    schema: "pgboss",
    application_name: applicationName,
    max: connections,
    schedule: false,
    reindex: false,
    monitorVacuum: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
    ...upkeep,
  });
  followUrl(boss, databaseDirectUrl);
  let loggedAt = 0;
  boss.on("error", (error) => {
    // An outage repeats it many times a second.
    if (Date.now() - loggedAt < LOG_EVERY_MS) return;
    loggedAt = Date.now();
    logger.warn({ err: error }, "event queue: the database does not answer; events wait");
  });
  boss.on("warning", (warning) => logger.debug({ warning: warning.message }, "event queue"));
  return boss;
}
