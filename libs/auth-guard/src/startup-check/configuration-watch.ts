import type { Logger, Registry } from "@libs/observability";
import { backOffMs, withJitter } from "@libs/observability/back-off";
import type { Finding } from "@libs/problems/findings";
import { blocks, isOutageOf, isUnseen } from "./finding-kinds.ts";
import { type ProblemGauge, problemGauge } from "./problem-gauge.ts";

/**
 * Something that is wrong with the configuration, and what an operator is to do about it.
 * @see {@link ConfigurationWatch}
 */
export interface ConfigurationProblem {
  /** Stable: the finding's code. */
  kind: string;
  todo: string;
}

/**
 * How {@link ConfigurationWatch} checks.
 * @see {@link ConfigurationWatch}
 */
export interface ConfigurationWatchOptions {
  check: () => Promise<Finding[]>;
  logger?: Logger | undefined;
  /** For the metric `config_problem`. */
  registry?: Registry | undefined;
  /** Called when problems were there and are gone. */
  onMended?: () => void;
  /** Between two checks while all is well. Milliseconds; 10 000. */
  everyMs?: number;
  /** Runs `work` after `ms`. @returns cancels it */
  schedule?: (work: () => void, ms: number) => () => void;
}

const EVERY_MS = 10_000;
/** Between two checks while something is wrong. */
const WRONG_EVERY_MS = 5_000;
const FIRST_RETRY_MS = 200;
/** However many requests fail, checks are no closer than that. */
const SHORTEST_GAP_MS = 2_000;
/** Replicas that start together are to spread. */
const JITTER = 0.1;

/**
 * Checks the configuration until it has passed once, with back-off, and goes on checking. Before the first pass the
 * process is not ready; after it, what is wrong is a problem with a name and no reason to take every replica out.
 * Each change is one line in the log.
 * @example
 * ```ts
 * import {
 *   type ConfigurationProblem,
 *   ConfigurationWatch,
 *   type ConfigurationWatchOptions,
 *   checkGuard,
 * } from "@libs/auth-guard/startup-check";
 *
 * const keycloak = { url: "http://keycloak:8080", realm: "app", clientId: "gateway" };
 * const options: ConfigurationWatchOptions = {
 *   check: () => checkGuard({ keycloak, databaseUrl: process.env.DATABASE_URL ?? "" }),
 *   everyMs: 30_000,
 * };
 * const watch = new ConfigurationWatch(options).start();
 * await watch.checkedOnce;
 * const problems: ConfigurationProblem[] = watch.problems();
 * console.log(watch.passed() ? "ready" : "not ready", problems);
 * watch.stop();
 * ```
 */
export class ConfigurationWatch {
  /** Resolves when the first check is over, whatever came of it. */
  readonly checkedOnce: Promise<void>;
  /** Resolves with the first check that finds nothing that keeps this process from its work. */
  readonly passedOnce: Promise<void>;
  readonly #options: ConfigurationWatchOptions;
  readonly #gauge: ProblemGauge | undefined;
  readonly #firstCheck = Promise.withResolvers<void>();
  readonly #firstPass = Promise.withResolvers<void>();
  #current: readonly Finding[] = [];
  #passed = false;
  #failedRounds = 0;
  #stopped = false;
  #running = false;
  #wanted = false;
  #cancel: () => void = () => {};

  constructor(options: ConfigurationWatchOptions) {
    this.#options = options;
    this.#gauge = options.registry && problemGauge(options.registry);
    this.checkedOnce = this.#firstCheck.promise;
    this.passedOnce = this.#firstPass.promise;
  }

  /** Checks now, and again and again until {@link stop}. */
  start(): this {
    void this.#round();
    return this;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** Something failed as it does where the configuration is wrong: checks again soon. */
  checkSoon(): void {
    // Before the first pass the back-off is short anyhow.
    if (!this.#passed || this.#stopped || this.#wanted) return;
    this.#wanted = true;
    if (!this.#running) this.#next(SHORTEST_GAP_MS);
  }

  /** Whether one check found nothing that keeps this process from its work. */
  passed(): boolean {
    return this.#passed;
  }

  problems(): ConfigurationProblem[] {
    return this.#current.map(({ code, todo }) => ({ kind: code, todo }));
  }

  async #round(): Promise<void> {
    this.#running = true;
    this.#wanted = false;
    try {
      this.#learn(await this.#options.check());
    } catch (error) {
      // A fault of the check itself: it says nothing of the configuration.
      this.#failedRounds += 1;
      this.#options.logger?.error({ err: error }, "the configuration could not be checked");
    }
    this.#running = false;
    this.#firstCheck.resolve();
    if (!this.#stopped) this.#next(this.#wanted ? SHORTEST_GAP_MS : this.#pauseMs());
  }

  #next(ms: number): void {
    const { schedule = afterMs } = this.#options;
    this.#cancel();
    this.#cancel = schedule(() => void this.#round(), ms);
  }

  #pauseMs(): number {
    const { everyMs = EVERY_MS } = this.#options;
    const longest = this.#current.length > 0 ? Math.min(everyMs, WRONG_EVERY_MS) : everyMs;
    const mostMs = Math.min(longest, WRONG_EVERY_MS);
    if (!this.#passed) return backOffMs(this.#failedRounds - 1, { firstMs: FIRST_RETRY_MS, mostMs });
    return withJitter(longest, 1, 1 + JITTER);
  }

  #learn(found: readonly Finding[]): void {
    const before = this.#current;
    // After the first pass an outage is what the readiness checks are for.
    const seen = this.#passed ? found.filter(({ code }) => !isOutageOf(code)) : found;
    const kept = before.filter(({ code }) => isUnseen(code, found) && !seen.some((other) => other.code === code));
    this.#current = [...seen, ...kept];
    this.#report(before);
    const isWrong = found.some(blocks);
    this.#failedRounds = isWrong ? this.#failedRounds + 1 : 0;
    if (!isWrong && !this.#passed) {
      this.#passed = true;
      this.#firstPass.resolve();
      this.#options.logger?.info("the configuration check passed");
    }
    if (before.length > 0 && this.#current.length === 0) this.#options.onMended?.();
  }

  #report(before: readonly Finding[]): void {
    const { logger } = this.#options;
    for (const { code, detail, what, todo, severity } of this.#current) {
      this.#gauge?.set(code, true);
      const known = before.find((other) => other.code === code);
      if (known?.detail === detail) continue;
      const fields = { problem: code, reason: what, ...(detail !== null && { detail }), todo };
      logger?.[severity === "error" ? "error" : "warn"](fields, `configuration: ${code}`);
    }
    for (const { code } of before) {
      if (this.#current.some((other) => other.code === code)) continue;
      this.#gauge?.set(code, false);
      logger?.info({ problem: code }, `configuration: ${code} is over`);
    }
  }
}

function afterMs(work: () => void, ms: number): () => void {
  const timer = setTimeout(work, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
