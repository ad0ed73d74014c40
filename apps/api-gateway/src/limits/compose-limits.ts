import { DatabasePool, followingConnection } from "@libs/database";
import { counterIn, type Logger, type Registry } from "@libs/observability";
import { type AuthLimits, createAuthLimits } from "./auth-limits.ts";
import { createLimitKeys } from "./limit-keys.ts";
import type { LimitSettings } from "./limit-settings.ts";
import { LoginLocks } from "./login-locks.ts";
import { PostgresLoginPermits } from "./login-permits.ts";
import { reservedMs } from "./protection-options.ts";
import { SharedLimit } from "./shared-limit.ts";

/** Attempts that may wait for one account's login lock. */
const WAITING_FOR_LOCK = 32;
/** For so long Keycloak may still be at a login whose connection was cut; then the next one would be refused. */
const UNANSWERED_PAUSE_MS = 2_000;
/** Keycloak's guard against guessing lets an account go up to 10 ms after its answer, and refuses the right password until then. */
const SUCCESS_PAUSE_MS = 50;
/** A limit must not be what makes a request late: past this each process counts for itself. Milliseconds. */
const TABLE_TIMEOUT_MS = 400;
/** An attempt is over with its request, whose work ends a little later at most. Milliseconds. */
const HELD_MARGIN_MS = 500;
/** A limit that is written in batches has this many of them. */
const BATCHES = 6;

export interface ComposedLimits {
  limits: AuthLimits;
  close: () => Promise<void>;
}

/** The limits of /auth over a small pool of their own, so that a flood can't take the connections of the flows. */
export function composeLimits(config: LimitSettings, registry: Registry, logger: Logger): ComposedLimits {
  const pool = new DatabasePool({
    ...followingConnection(() => config.DATABASE_URL, { settings: { statement_timeout: String(TABLE_TIMEOUT_MS) } }),
    max: 2,
    connectionTimeoutMillis: TABLE_TIMEOUT_MS,
    query_timeout: TABLE_TIMEOUT_MS,
    application_name: "keycloak-sync-gateway limits",
    allowExitOnIdle: true,
  });
  pool.on("error", () => logger.warn("a connection of the limits was lost"));
  const limited = counterIn(registry, {
    name: "rate_limited_total",
    help: "Requests refused by a limit.",
    labelNames: ["limit"],
  });
  const shared = (name: string, limit: number, windowSeconds: number, batches = limit) => {
    const batch = Math.max(1, Math.floor(limit / batches));
    return new SharedLimit({ name, limit, windowSeconds, batch }, pool, (refusedBy) =>
      limited.inc({ limit: refusedBy }),
    );
  };
  const { LIMIT_LOGIN_WINDOW_S, LIMIT_REGISTER_WINDOW_S, LIMIT_REFRESH_WINDOW_S } = config;
  const loginAccount = shared("login-account", config.LIMIT_LOGIN_PER_ACCOUNT, LIMIT_LOGIN_WINDOW_S);
  const permits = new PostgresLoginPermits(pool, {
    heldMs: config.REQUEST_TIMEOUT_MS + HELD_MARGIN_MS,
    limit: loginAccount.policy.name,
  });
  const locks = new LoginLocks(permits, {
    failurePauseMs: config.LOGIN_FAILURE_PAUSE_MS,
    unansweredPauseMs: UNANSWERED_PAUSE_MS,
    successPauseMs: SUCCESS_PAUSE_MS,
    reservedMs: reservedMs(config),
    waitMs: config.LOGIN_LOCK_WAIT_MS,
    waiting: WAITING_FOR_LOCK,
  });
  const limits = createAuthLimits({
    // Every replica has it, nobody else does, and it is no key to anything that is stored.
    keys: createLimitKeys(() => config.KEYCLOAK_CLIENT_SECRET),
    locks,
    loginAccount,
    loginAddress: shared("login-address", config.LIMIT_LOGIN_PER_ADDRESS, LIMIT_LOGIN_WINDOW_S),
    registerAccount: shared("register-account", config.LIMIT_REGISTER_PER_ACCOUNT, LIMIT_REGISTER_WINDOW_S),
    registerAddress: shared("register-address", config.LIMIT_REGISTER_PER_ADDRESS, LIMIT_REGISTER_WINDOW_S),
    refreshSession: shared("refresh-session", config.LIMIT_REFRESH_PER_SESSION, LIMIT_REFRESH_WINDOW_S, BATCHES),
    refreshAddress: shared("refresh-address", config.LIMIT_REFRESH_PER_ADDRESS, LIMIT_REFRESH_WINDOW_S, BATCHES),
  });
  const close = async () => {
    await locks.drain();
    await pool.end();
  };
  return { limits, close };
}
