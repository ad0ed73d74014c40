/** Something that is wrong, and what an operator is to do about it. */
export interface ReadinessProblem {
  kind: string;
  todo: string;
}

export interface Readiness {
  ready: boolean;
  /** `degraded`: it answers, but not all is well. */
  checks: Record<string, "up" | "away" | "degraded">;
  problems?: ReadinessProblem[];
}

export type CheckReadiness = () => Promise<Readiness>;

export interface ReadinessOptions {
  checks: Record<string, () => Promise<unknown>>;
  /** Problems of this moment, of the change feed for example; left out: it is switched off. */
  problems?: (() => readonly ReadinessProblem[]) | undefined;
  /** Whose problems those are, as a name among the checks; `feed`. */
  problemsOf?: string;
  /** Not ready while there are any. */
  problemsMatter?: boolean;
  /** A check that takes longer counts as away. Milliseconds. */
  timeoutMs: number;
  /** How long an answer is used again, so that probes cost next to nothing. Milliseconds. */
  maxAgeMs: number;
  isStopping: () => boolean;
}

/** Names which of the things that the gateway stands on are away. Never throws. */
export function createReadiness(options: ReadinessOptions): CheckReadiness {
  const { checks, timeoutMs, maxAgeMs, isStopping } = options;
  let last: { at: number; result: Promise<Readiness> } | undefined;
  return async () => {
    if (!last || performance.now() - last.at > maxAgeMs)
      last = { at: performance.now(), result: run(checks, timeoutMs) };
    const result = withProblems(await last.result, options);
    return isStopping() ? { ...result, ready: false, checks: { ...result.checks, gateway: "away" } } : result;
  };
}

function withProblems(
  result: Readiness,
  { problems, problemsOf = "feed", problemsMatter }: ReadinessOptions,
): Readiness {
  if (!problems) return result;
  const current = problems().map(({ kind, todo }) => ({ kind, todo }));
  if (current.length === 0) return { ...result, checks: { ...result.checks, [problemsOf]: "up" } };
  return {
    ready: result.ready && !problemsMatter,
    checks: { ...result.checks, [problemsOf]: "degraded" },
    problems: current,
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

async function isUp(check: () => Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: Timer | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([
      Promise.try(check).then(
        () => true,
        () => false,
      ),
      expired,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
