import { keycloakAuth, openGuard } from "@libs/auth-guard";
import { createDatabase, createRepositories, directUrlOf, type PrismaClient } from "@libs/database";
import { createReadiness, tokenOptions } from "@libs/http";
import { KeycloakIntegrationService, type SweepRunner, startSweeps, type Wake } from "@libs/keycloak-authV2";
import { ChangeFeed, createOutboxMetrics, createOutboxSweep, isIncomplete } from "@libs/keycloak-authV2/events";
import { UserSyncService } from "@libs/keycloak-authV2/services/sync";
import {
  ConfigurationWatch,
  checkGateway,
  type GatewayCheckOptions,
  PersonTokens,
  ServerVersion,
} from "@libs/keycloak-authV2/startup-check";
import { BackgroundTasks, createMetricsRegistry, type Logger, type Registry } from "@libs/observability";
import { type App, createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { addressSigns } from "./http/address-signs.ts";
import { clientAddress } from "./http/client-address.ts";
import { composeLimits } from "./limits/compose-limits.ts";
import { protectionOptions } from "./limits/protection-options.ts";

/** A call to Keycloak that ends at its time limit is stored by then. */
const LEASE_MARGIN_MS = 500;
/** A stopping process waits no longer for work that outlived its request: a login's answer may be half a minute late. */
const DRAIN_LIMIT_MS = 6_000;

export interface Gateway {
  app: App;
  registry: Registry;
  /** Says 503 on `/health/ready` from now on. */
  beginStop: () => void;
  /** Waits for work that outlived its request, then lets go of the database. */
  close: () => Promise<void>;
}

const hourMs = 3_600_000;

/** The composition root: builds every adapter and service once. */
export function compose(config: Config, logger: Logger): Gateway {
  const registry = createMetricsRegistry();
  const databaseUrl = () => config.DATABASE_URL;
  const databaseDirectUrl = () => directUrlOf(config).url;
  const background = new BackgroundTasks(logger);
  const personTokens = new PersonTokens();
  const serverVersion = new ServerVersion();
  let runner: SweepRunner | undefined;
  const database = createDatabase(databaseUrl, { poolSize: config.DATABASE_POOL_SIZE });
  const integration = KeycloakIntegrationService.create({
    keycloak: keycloakOptions(config),
    database,
    metrics: registry,
    protection: protectionOptions(config, logger),
    logger,
    background,
    wake: (name) => runner?.wake(name),
    onPersonToken: personTokens.record,
  });
  const { storedTokens } = createRepositories(database);
  const configuration = new ConfigurationWatch({
    check: () =>
      checkGateway({
        ...checkOptions(config, storedTokens),
        personTokens,
        serverVersion,
        serverFeatures: integration.serverFeatures,
      }),
    logger,
    registry,
    onMended: integration.renewRights,
  }).start();
  const guard = openGuard({
    ...keycloakOptions(config),
    publishedKeys: integration.publishedKeys,
    database,
    databaseUrl,
    databaseDirectUrl,
    registry,
    logger,
    // The gateway's own check sees more.
    checkConfiguration: false,
  });
  const stopKeys = integration.keepKeys();
  const { limits, close: closeLimits } = composeLimits(config, registry, logger);
  const syncOptions = {
    database,
    metrics: registry,
    tokenEncryptionKeys: () => config.TOKEN_ENCRYPTION_KEYS,
    refreshGraceMs: config.REFRESH_GRACE_MS,
    refreshLeaseMs: config.KEYCLOAK_TIMEOUT_MS + LEASE_MARGIN_MS,
    logger,
    background,
    wake: ((name) => runner?.wake(name)) satisfies Wake,
    recoveryAfterMs: config.REGISTRATION_RECOVERY_AFTER_MS,
    lostCreateMs: config.REGISTRATION_LOST_CREATE_MS,
    idempotencyTtlMs: config.IDEMPOTENCY_TTL_HOURS * hourMs,
    retentionMs: {
      registrations: config.REGISTRATION_RETENTION_DAYS * 24 * hourMs,
      sessions: config.SESSION_RETENTION_DAYS * 24 * hourMs,
      activities: config.ACTIVITY_RETENTION_DAYS * 24 * hourMs,
    },
  };
  const sync = new UserSyncService({
    ...syncOptions,
    repository: integration.userRepository,
    authentication: integration,
  });
  const feed = new ChangeFeed({
    ...syncOptions,
    integration,
    readsEvents: config.FEED_ENABLED === "true",
    pollIntervalMs: config.FEED_POLL_INTERVAL_MS,
    maxDeletionsPerMinute: config.FEED_MAX_DELETIONS_PER_MINUTE,
    reconciles: config.RECONCILE_ENABLED === "true",
    reconcilePeriodMs: config.RECONCILE_PERIOD_MS,
    reconcileMaxCallsPerSecond: config.RECONCILE_MAX_CALLS_PER_SECOND,
  });
  const outbox = createOutboxSweep({
    domainEvents: createRepositories(database).domainEvents,
    databaseDirectUrl,
    metrics: createOutboxMetrics(registry),
    logger,
    now: () => new Date(),
  });
  let stopping = false;
  const isStopping = () => stopping;
  // Its work can wait for the first check, which shares the processor with it, and whose end callers wait for.
  void configuration.checkedOnce.then(() => {
    if (stopping) return;
    runner = startSweeps({
      databaseDirectUrl,
      sweeps: [...sync.sweeps(), ...feed.sweeps(), outbox],
      intervalMs: config.SWEEP_INTERVAL_MS,
      logger,
    });
  });
  const app = createApp({
    integration,
    sync,
    feed,
    auth: keycloakAuth(guard),
    clientAddress: clientAddress(config.TRUSTED_PROXIES, {
      header: config.TRUSTED_PROXY_HEADER,
      onSign: addressSigns(registry, logger),
    }),
    limits,
    onOperatorsFault: () => configuration.checkSoon(),
    readiness: createReadiness({
      configuration,
      checks: { keycloak: integration.checkReady, database: () => ping(database) },
      problems:
        config.FEED_ENABLED === "true" || config.RECONCILE_ENABLED === "true" ? () => feed.problems.list() : undefined,
      feed: () => feed.mode(),
      isRequired: config.FEED_REQUIRED_FOR_READY === "true" ? isIncomplete : undefined,
      timeoutMs: 2000,
      maxAgeMs: 500,
      isStopping,
    }),
    registry,
    logger,
    corsOrigins: config.CORS_ORIGINS,
    metricsToken: config.METRICS_TOKEN && (() => config.METRICS_TOKEN ?? ""),
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    isStopping,
  });
  return {
    app,
    registry,
    beginStop: () => {
      stopping = true;
    },
    close: async () => {
      stopKeys();
      configuration.stop();
      await Promise.all([background.drain(DRAIN_LIMIT_MS), runner?.stop(), guard.close()]);
      await Promise.all([database.$disconnect(), closeLimits()]);
    },
  };
}

function keycloakOptions(config: Config) {
  return {
    url: config.KEYCLOAK_URL,
    realm: config.KEYCLOAK_REALM,
    clientId: config.KEYCLOAK_CLIENT_ID,
    clientSecret: () => config.KEYCLOAK_CLIENT_SECRET,
    timeoutMs: config.KEYCLOAK_TIMEOUT_MS,
    ...tokenOptions(config),
    ...(config.KEYCLOAK_ISSUER && { issuer: config.KEYCLOAK_ISSUER }),
  };
}

function checkOptions(config: Config, storedTokens: GatewayCheckOptions["storedTokens"]): GatewayCheckOptions {
  return {
    keycloak: keycloakOptions(config),
    databaseUrl: config.DATABASE_URL,
    databaseDirectUrl: config.DATABASE_DIRECT_URL,
    tokenEncryptionKeys: config.TOKEN_ENCRYPTION_KEYS,
    storedTokens,
    readsEvents: config.FEED_ENABLED === "true",
  };
}

async function ping(database: PrismaClient): Promise<void> {
  await database.$queryRaw`SELECT 1`;
}
