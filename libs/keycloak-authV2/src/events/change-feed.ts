import type { ChangeNotice, PrismaClient } from "@libs/database";
import type { Registry } from "@libs/observability";
import type { FacadeParts, KeycloakIntegrationService } from "../services/integration/keycloak-integration-service.ts";
import { authErrors } from "../services/shared/database-failure.ts";
import { integrationParts } from "../services/shared/integration-parts.ts";
import type { ComposedDeps } from "../services/sync/composed-deps.ts";
import { createSyncDeps, type UserSyncOptions } from "../services/sync/create-sync-deps.ts";
import type { Sweep } from "../workers/sweep.ts";
import { LoginCanary } from "./canary.ts";
import { DeletionGuard } from "./deletion-guard.ts";
import { adminEventStream, userEventStream } from "./event-stream.ts";
import { createExpirySweep } from "./expiry.ts";
import { FeedLeader } from "./feed/feed-leader.ts";
import { ProblemBoard } from "./feed/problem-board.ts";
import { FeedLag } from "./feed-lag.ts";
import { createFeedMetrics } from "./feed-metrics.ts";
import type { FeedModeStatus } from "./feed-mode.ts";
import { type FeedStatus, readFeedStatus } from "./feed-status.ts";
import { FullReconciliation } from "./full-reconciliation.ts";
import { KeycloakClock } from "./keycloak-clock.ts";
import { ModeWatch } from "./mode-watch.ts";
import { NotBeforeWatch } from "./not-before-watch.ts";
import { createNoticeHandlers } from "./notice-handlers.ts";
import { createNoticeSweep } from "./notice-sweep.ts";
import { EventReader } from "./read-events.ts";
import { receiveLogoutToken } from "./receive-logout-token.ts";
import { CountedReconciliation } from "./reconcile/counted-reconciliation.ts";
import { createRounds } from "./reconcile/create-rounds.ts";
import { createReconcileMetrics } from "./reconcile/reconcile-metrics.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { SetupCheck } from "./setup-check.ts";
import { FeedWatch } from "./watch.ts";

/**
 * How {@link ChangeFeed} works.
 * @see {@link ChangeFeed}
 */
export interface ChangeFeedOptions extends UserSyncOptions {
  /** Whether Keycloak's events are read. What is recorded otherwise is handled anyway. Default true. */
  readsEvents?: boolean;
  /** Between two readings of Keycloak's events. Milliseconds; default 750. */
  pollIntervalMs?: number;
  /** More users than this do not become tombstones within a minute. Default 100. */
  maxDeletionsPerMinute?: number;
  /** Whether users and sessions are counted and compared with Keycloak all the time. Default true. */
  reconciles?: boolean;
  /** Every user and every live session is compared with Keycloak within this time. Milliseconds; default 15 minutes. */
  reconcilePeriodMs?: number;
  /** Calls to Keycloak that comparing may take. Default 50. */
  reconcileMaxCallsPerSecond?: number;
}

/**
 * All that a {@link ChangeFeed} is made of, in one object.
 * @see {@link ChangeFeed}
 */
export interface ChangeFeedSetup extends FacadeParts, ChangeFeedOptions {
  integration: KeycloakIntegrationService;
}

/** While nobody wakes the sweep, it checks for due notices this often. Milliseconds. */
const NOTICES_INTERVAL_MS = 1_000;
const RECONCILE_PERIOD_MS = 900_000;
const MAX_CALLS_PER_SECOND = 50;

/**
 * Brings what changes in Keycloak here, within about a second. A composition root beside `UserSyncService`, whose options
 * it shares; its sweeps run in `startSweeps`.
 * @example
 * ```ts
 * import { PrismaClient } from "@libs/database";
 * import { KeycloakIntegrationService, startSweeps } from "@libs/keycloak-authV2";
 * import {
 *   ChangeFeed,
 *   type ChangeFeedOptions,
 *   type ChangeFeedSetup,
 *   type FeedModeStatus,
 *   type FeedProblem,
 *   isIncomplete,
 * } from "@libs/keycloak-authV2/events";
 * import { silentLogger } from "@libs/observability";
 * import { Registry } from "prom-client";
 *
 * const database = new PrismaClient();
 * const metrics = new Registry();
 * const clientSecret = process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const keycloak = { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret };
 * const integration = KeycloakIntegrationService.create({ keycloak, database, metrics });
 * const options: ChangeFeedOptions = { pollIntervalMs: 750, reconcilePeriodMs: 900_000 };
 * const setup: ChangeFeedSetup = { integration, database, metrics, ...options };
 * const feed = new ChangeFeed(setup);
 * const databaseDirectUrl = () => process.env.DATABASE_DIRECT_URL ?? "";
 * const runner = startSweeps({ databaseDirectUrl, sweeps: feed.sweeps(), intervalMs: 15_000, logger: silentLogger });
 *
 * const mode: FeedModeStatus | null = feed.mode();
 * const problems: FeedProblem[] = feed.problems.list();
 * console.log(mode?.bound, problems.filter(({ kind }) => isIncomplete(kind)));
 * await runner.stop();
 * ```
 */
export class ChangeFeed {
  /** What is wrong at this moment, as this process knows it: for a readiness probe, costs nothing. */
  readonly problems: Pick<ProblemBoard, "list">;
  readonly #deps: Pick<ComposedDeps, "feed" | "now" | "wake" | "logger">;
  readonly #integration: KeycloakIntegrationService;
  readonly #fullReconciliation: FullReconciliation;
  readonly #sweeps: Sweep[];
  readonly #mode: ModeWatch;

  /** @throws KeyRingError when no valid key ring is given, here or in `TOKEN_ENCRYPTION_KEYS` */
  constructor(setup: ChangeFeedSetup);
  /** The same with each part by its place. */
  constructor(
    integration: KeycloakIntegrationService,
    prisma: PrismaClient,
    metrics: Registry,
    options?: ChangeFeedOptions,
  );
  constructor(...given: [ChangeFeedSetup] | [KeycloakIntegrationService, PrismaClient, Registry, ChangeFeedOptions?]) {
    const { integration, ...options } = given.length === 1 ? given[0] : integrationParts(...given);
    const { metrics } = options;
    const syncDeps = createSyncDeps({ ...options, repository: integration.userRepository });
    const { logger, now, leases } = syncDeps;
    const feedMetrics = createFeedMetrics(metrics);
    const problems = new ProblemBoard(feedMetrics, logger, now);
    const fullReconciliation = new FullReconciliation({ ...syncDeps, problems });
    const { eventSource, serverFeatures } = integration;
    const deps = {
      ...syncDeps,
      eventSource,
      serverFeatures,
      feedMetrics,
      problems,
      leader: new FeedLeader(leases),
      clock: new KeycloakClock(eventSource, now),
      onLoss: (reason: string) => fullReconciliation.start(reason),
      reconcileEveryUser: (reason: string) => fullReconciliation.start(reason),
      pollIntervalMs: options.pollIntervalMs ?? 750,
      maxDeletionsPerMinute: options.maxDeletionsPerMinute ?? 100,
    };
    this.#deps = deps;
    this.problems = problems;
    this.#integration = integration;
    this.#fullReconciliation = fullReconciliation;
    const guard = new DeletionGuard(deps);
    const handlers = createNoticeHandlers(deps, guard);
    const notices: Sweep = {
      ...createNoticeSweep({ ...deps, guard, handlers }),
      intervalMs: NOTICES_INTERVAL_MS,
      local: true,
    };
    const readsEvents = options.readsEvents !== false;
    const reconciles = options.reconciles !== false;
    const periodMs = options.reconcilePeriodMs ?? RECONCILE_PERIOD_MS;
    this.#mode = new ModeWatch(deps, { readsEvents, reconciles, periodMs });
    this.#sweeps = [notices, createExpirySweep(deps), this.#mode.sweep()];
    if (reconciles) {
      const reconcilerDeps = { ...deps, reconcileMetrics: createReconcileMetrics(metrics) };
      const rounds = createRounds(reconcilerDeps, periodMs);
      const counted = new CountedReconciliation(reconcilerDeps);
      const reconciler = new Reconciler(
        { ...reconcilerDeps, rounds, counted },
        {
          periodMs,
          readsEvents,
          maxCallsPerSecond: options.reconcileMaxCallsPerSecond ?? MAX_CALLS_PER_SECOND,
        },
      );
      this.#sweeps.push(reconciler.sweep());
    }
    if (!readsEvents) return;
    const reader = new EventReader({ ...deps, streams: [userEventStream(deps), adminEventStream(deps)] });
    const lag = new FeedLag({ ...deps, reader });
    const setup = new SetupCheck({ ...deps, canary: new LoginCanary(deps) });
    const notBefore = new NotBeforeWatch(deps);
    const watch = new FeedWatch({ ...deps, fullReconciliation, reader, lag, setup, notBefore }).sweep();
    this.#sweeps.push(reader.sweep(), { ...watch, close: () => fullReconciliation.stop() });
  }

  /** What reads, handles, watches and expires: for `startSweeps`, on every replica. */
  sweeps(): Sweep[] {
    return this.#sweeps;
  }

  /** Takes a logout token from Keycloak's back channel. @throws AuthError, see {@link receiveLogoutToken} */
  receiveLogoutToken(token: string): Promise<void> {
    const { logoutTokenVerifier } = this.#integration;
    return receiveLogoutToken({ ...this.#deps, logoutTokenVerifier }, token);
  }

  /** How changes arrive, and within which time; null: Keycloak has not answered yet. Costs nothing. */
  mode(): FeedModeStatus | null {
    return this.#mode.status;
  }

  /** @throws AuthError `database.*` */
  status(): Promise<FeedStatus> {
    return authErrors(() => readFeedStatus(this.#deps.feed));
  }

  /** Changes that could not be applied, oldest first. @throws AuthError `database.*` */
  deadLetters(options: { limit?: number; after?: bigint } = {}): Promise<ChangeNotice[]> {
    return authErrors(() => this.#deps.feed.listDead(options));
  }

  /** Has dead letters handled again. @param ids default: all @returns how many. @throws AuthError `database.*` */
  async replay(ids?: readonly bigint[]): Promise<number> {
    const count = await authErrors(() => this.#deps.feed.replay(this.#deps.now(), ids));
    this.#deps.wake("notices");
    return count;
  }

  /** Reconciles every user, in the background. @param reason for the log. @throws AuthError `database.*` */
  startFullReconciliation(reason: string): Promise<void> {
    return authErrors(() => this.#fullReconciliation.start(reason));
  }
}
