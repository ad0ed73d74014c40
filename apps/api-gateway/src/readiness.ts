export interface Readiness {
  ready: boolean;
  checks: Record<string, "up" | "away">;
}

export type CheckReadiness = () => Promise<Readiness>;

export interface ReadinessOptions {
  checks: Record<string, () => Promise<unknown>>;
  /** A check that takes longer counts as away. Milliseconds. */
  timeoutMs: number;
  /** How long an answer is used again, so that probes cost next to nothing. Milliseconds. */
  maxAgeMs: number;
  isStopping: () => boolean;
}

/** Names which of the things that the gateway stands on are away. Never throws. */
export function createReadiness({ checks, timeoutMs, maxAgeMs, isStopping }: ReadinessOptions): CheckReadiness {
  let last: { at: number; result: Promise<Readiness> } | undefined;
  return async () => {
    if (!last || performance.now() - last.at > maxAgeMs)
      last = { at: performance.now(), result: run(checks, timeoutMs) };
    const result = await last.result;
    return isStopping() ? { ready: false, checks: { ...result.checks, gateway: "away" } } : result;
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
