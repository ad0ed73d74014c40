import { setTimeout as sleep } from "node:timers/promises";
import { followingConnection, mapDatabaseError, readCommittedSession } from "@libs/database";
import { type Logger, waitAtMost } from "@libs/observability";
import type { Secret } from "@libs/observability/secrets";
import { PgBoss } from "pg-boss";
import { BOSS_LIMITS } from "./boss-limits.ts";
import { followUrl } from "./follow-url.ts";
import type { Sweep, Wake } from "./sweep.ts";
import { SweepLoop } from "./sweep-loop.ts";

/**
 * What {@link startSweeps} runs.
 * @see {@link startSweeps}
 */
export interface SweepRunnerOptions {
  /** Where pg-boss keeps its own schema, `pgboss`: directly, or through a pooler in session mode. */
  databaseDirectUrl: Secret;
  sweeps: Sweep[];
  /** Between two regular runs of a sweep that names no interval of its own. Milliseconds. */
  intervalMs: number;
  logger: Logger;
}

/**
 * What {@link startSweeps} started.
 * @see {@link startSweeps}
 */
export interface SweepRunner {
  wake: Wake;
  /** Ends what runs; takes a few seconds at most, whatever is away. */
  stop: () => Promise<void>;
}

const restartAfterMs = 2_000;
const stopLimitMs = 4_000;
const queueOf = (name: Sweep["name"]) => `sweep-${name}`;

/**
 * Runs sweeps over state rows, in this process: the rows are the truth, so each sweep runs at an interval whatever
 * happens. pg-boss makes it faster and wider: a wake reaches some replica at once, and a schedule runs on one of them.
 * Without it (the database is away, at the start too) the intervals go on, and it is started as soon as that is possible.
 * @param options times in milliseconds
 * @returns at once; `stop` before the process ends
 * @example
 * ```ts
 * import { startSweeps, type Sweep, type SweepRunner, type SweepRunnerOptions, type Wake } from "@libs/keycloak-authV2";
 * import { silentLogger } from "@libs/observability";
 *
 * const prune: Sweep = { name: "prune", cron: "17 3 * * *", run: async () => 0 };
 * const options: SweepRunnerOptions = {
 *   databaseDirectUrl: () => process.env.DATABASE_DIRECT_URL ?? "",
 *   sweeps: [prune], // of `UserSyncService.sweeps()` and `ChangeFeed.sweeps()`, as a rule
 *   intervalMs: 15_000,
 *   logger: silentLogger,
 * };
 * const runner: SweepRunner = startSweeps(options);
 * const wake: Wake = runner.wake;
 * wake("prune");
 * await runner.stop();
 * ```
 */
export function startSweeps({ databaseDirectUrl, sweeps, intervalMs, logger }: SweepRunnerOptions): SweepRunner {
  const loops = new Map(
    sweeps.map((sweep) => [
      sweep.name,
      new SweepLoop(sweep, sweep.cron ? undefined : (sweep.intervalMs ?? intervalMs), logger),
    ]),
  );
  const boss = createBoss(databaseDirectUrl, logger);
  const state = { started: false };
  const stopping = new AbortController();
  const sending = new Set<Sweep["name"]>();
  const queued = sweeps.filter(({ local }) => !local);
  const isLocal = new Set(sweeps.filter(({ local }) => local).map(({ name }) => name));
  const starting = keepStarting(boss, queued, loops, state, stopping.signal, logger);
  for (const loop of loops.values()) void loop.kick();

  return {
    wake: (name) => {
      if (stopping.signal.aborted || sending.has(name)) return;
      if (!state.started || isLocal.has(name)) {
        void loops.get(name)?.kick();
        return;
      }
      sending.add(name);
      boss
        .send(queueOf(name))
        .catch(() => loops.get(name)?.kick())
        .finally(() => sending.delete(name));
    },
    stop: async () => {
      stopping.abort();
      const ended = Promise.all([
        ...[...loops.values()].map((loop) => loop.stop()),
        boss.stop({ graceful: true, timeout: 2_000, close: true }).catch(() => {}),
        starting,
      ]);
      await waitAtMost<unknown>(ended, stopLimitMs, () => {});
    },
  };
}

function createBoss(url: Secret, logger: Logger): PgBoss {
  const boss = new PgBoss({
    ...followingConnection(url, { settings: { statement_timeout: "5000" }, keepsSession: true }),
    ...readCommittedSession,
    ...BOSS_LIMITS,
    schema: "pgboss",
    application_name: "keycloak-sync-gateway-jobs",
    max: 2,
    useListenNotify: true,
    // The rows' own sweeps do not depend on it: little upkeep is enough.
    superviseIntervalSeconds: 300,
    reindex: false,
    monitorVacuum: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
  });
  followUrl(boss, url);
  let loggedAt = 0;
  const logOutage = (error: unknown) => {
    // An outage repeats it many times a second.
    if (Date.now() - loggedAt < 30_000) return;
    loggedAt = Date.now();
    logger.warn(
      { err: mapDatabaseError(error) },
      "job queue: the database does not answer; sweeps continue at their interval",
    );
  };
  boss.on("error", logOutage);
  boss.on("warning", (warning) => logger.debug({ warning: warning.message }, "job queue"));
  return boss;
}

async function keepStarting(
  boss: PgBoss,
  sweeps: Sweep[],
  loops: Map<Sweep["name"], SweepLoop>,
  state: { started: boolean },
  stopping: AbortSignal,
  logger: Logger,
): Promise<void> {
  for (;;) {
    if (stopping.aborted) return;
    try {
      await boss.start();
      for (const sweep of sweeps) await connect(boss, sweep, loops);
      state.started = true;
      return;
    } catch (error) {
      logger.debug({ err: mapDatabaseError(error) }, "job queue could not be started yet");
      await sleep(restartAfterMs, undefined, { signal: stopping }).catch(() => {});
    }
  }
}

async function connect(boss: PgBoss, { name, cron }: Sweep, loops: Map<Sweep["name"], SweepLoop>): Promise<void> {
  const queue = queueOf(name);
  // `short`: one waiting job stands for all wakes. A job that is lost is not repeated: the interval makes up for it.
  await boss.createQueue(queue, {
    policy: "short",
    notify: true,
    retryLimit: 0,
    expireInSeconds: 60,
    retentionSeconds: 3_600,
    deleteAfterSeconds: 600,
  });
  await boss.work(queue, { pollingIntervalSeconds: 10, notifyPollingIntervalSeconds: 30 }, async () => {
    await loops.get(name)?.kick();
  });
  if (cron) await boss.schedule(queue, cron);
}
