import { waitAtMost } from "@libs/observability";

/** Something that is wrong, and what an operator is to do about it. */
export interface ReadinessProblem {
  kind: string;
  todo: string;
}

/**
 * Whether a service is ready, and why not.
 * @see {@link createReadiness}
 */
export interface Readiness {
  ready: boolean;
  /** `degraded`: it answers, but not all is well. `failed`: it is wrong, and was never right since the start. */
  checks: Record<string, "up" | "away" | "degraded" | "failed">;
  problems?: ReadinessProblem[];
  /** How changes in Keycloak arrive, and within which time; left out: not known yet, or not this service's matter. */
  feed_mode?: string;
  feed_bound?: string;
}

/**
 * Asks whether the service is ready, as `/health/ready` answers. Never rejects.
 * @see {@link createReadiness}
 */
export type CheckReadiness = () => Promise<Readiness>;

/**
 * Whether the process is configured as it needs to be.
 * @see {@link createReadiness}
 */
export interface ReadinessConfiguration {
  /** Resolves when it was checked for the first time. */
  checkedOnce: Promise<void>;
  /** Not ready before it has passed once. */
  passed(): boolean;
  problems(): readonly ReadinessProblem[];
}

/**
 * What {@link createReadiness} checks.
 * @see {@link createReadiness}
 */
export interface ReadinessOptions {
  /** Left out: it is not checked. */
  configuration?: ReadinessConfiguration | undefined;
  checks: Record<string, () => Promise<unknown>>;
  /** Problems of this moment, of the change feed for example; left out: it is switched off. */
  problems?: (() => readonly ReadinessProblem[]) | undefined;
  /** How changes in Keycloak arrive; left out or null: not said. */
  feed?: (() => { mode: string; bound: string } | null) | undefined;
  /** Whose problems those are, as a name among the checks; `feed`. */
  problemsOf?: string;
  /** Not ready while there is one of these kinds; left out: none keeps it from being ready. */
  isRequired?: ((kind: string) => boolean) | undefined;
  /** A check that takes longer counts as away. Milliseconds. */
  timeoutMs: number;
  /** How long an answer is used again, so that probes cost next to nothing. Milliseconds. */
  maxAgeMs: number;
  isStopping: () => boolean;
}

/**
 * Names which of the things that the gateway stands on are away. Never throws.
 * @param options times in milliseconds
 * @example
 * ```ts
 * import {
 *   type CheckReadiness,
 *   createReadiness,
 *   type Readiness,
 *   type ReadinessConfiguration,
 *   type ReadinessOptions,
 * } from "@libs/http";
 *
 * const configuration: ReadinessConfiguration = { checkedOnce: Promise.resolve(), passed: () => true, problems: () => [] };
 * const options: ReadinessOptions = {
 *   configuration,
 *   checks: { database: async () => "SELECT 1" },
 *   timeoutMs: 2000,
 *   maxAgeMs: 500,
 *   isStopping: () => false,
 * };
 * const check: CheckReadiness = createReadiness(options);
 * export const { ready, checks }: Readiness = await check();
 * ```
 */
export function createReadiness(options: ReadinessOptions): CheckReadiness {
  const { checks, configuration, timeoutMs, maxAgeMs, isStopping } = options;
  let last: { at: number; result: Promise<Readiness> } | undefined;
  return async () => {
    if (!last || performance.now() - last.at > maxAgeMs)
      last = { at: performance.now(), result: run(checks, timeoutMs) };
    // A probe that comes during the first check waits for it: its next one may be seconds away.
    if (configuration && !configuration.passed()) await isUp(() => configuration.checkedOnce, timeoutMs);
    const result = withFeed(withConfiguration(withProblems(await last.result, options), configuration), options);
    return isStopping() ? { ...result, ready: false, checks: { ...result.checks, gateway: "away" } } : result;
  };
}

function withProblems(
  result: Readiness,
  { problems, problemsOf = "feed", isRequired = () => false }: ReadinessOptions,
): Readiness {
  if (!problems) return result;
  const current = problems().map(({ kind, todo }) => ({ kind, todo }));
  if (current.length === 0) return { ...result, checks: { ...result.checks, [problemsOf]: "up" } };
  return {
    ready: result.ready && !current.some(({ kind }) => isRequired(kind)),
    checks: { ...result.checks, [problemsOf]: "degraded" },
    problems: current,
  };
}

function withFeed(result: Readiness, { feed }: ReadinessOptions): Readiness {
  const { mode, bound } = feed?.() ?? {};
  return mode === undefined || bound === undefined ? result : { ...result, feed_mode: mode, feed_bound: bound };
}

function withConfiguration(result: Readiness, configuration: ReadinessConfiguration | undefined): Readiness {
  if (!configuration) return result;
  const passed = configuration.passed();
  const found = configuration.problems().map(({ kind, todo }) => ({ kind, todo }));
  const state = passed ? (found.length > 0 ? "degraded" : "up") : "failed";
  const problems = [...found, ...(result.problems ?? [])];
  return {
    ready: result.ready && passed,
    checks: { ...result.checks, configuration: state },
    ...(problems.length > 0 && { problems }),
  };
}

async function run(checks: ReadinessOptions["checks"], timeoutMs: number): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await isUp(check, timeoutMs)] as const),
  );
  return {
    ready: results.every(([, up]) => up),
    checks: Object.fromEntries(results.map(([name, up]) => [name, up ? "up" : "away"] as const)),
  };
}

function isUp(check: () => Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const checked = Promise.try(check).then(
    () => true,
    () => false,
  );
  return waitAtMost(checked, timeoutMs, () => false);
}
