import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { LOOPBACK } from "../base/constants.ts";
import { StackError } from "../base/stack-error.ts";
import { CONSOLE } from "../supervisor/protocol.ts";
import { logTail, type SupervisedProcess } from "../supervisor/supervisor.ts";

export interface ReadyLimits {
  /** Milliseconds altogether. */
  readyMs: number;
  /** How long the same problems have to last before they are taken for lasting. Milliseconds. */
  problemMs: number;
}

const LIMITS: ReadyLimits = { readyMs: 30_000, problemMs: 8_000 };

/** What `/health/ready` says beside 503; other members are left alone. */
const answerSchema = z.object({
  checks: z.record(z.string(), z.string()).default({}),
  problems: z.array(z.object({ kind: z.string(), todo: z.string() })).default([]),
});
type NotReady = z.output<typeof answerSchema>;

/**
 * Waits until a service says that it is ready.
 * @throws StackError when it ends, when it names problems that last, or when it is not ready in time
 */
export async function untilReady(
  service: Pick<SupervisedProcess, "exitCode" | "log">,
  { name, port }: { name: string; port: number },
  { readyMs, problemMs }: ReadyLimits = LIMITS,
): Promise<void> {
  const startedAt = performance.now();
  let last: NotReady | undefined;
  let same = { kinds: "", since: startedAt };
  for (;;) {
    if (service.exitCode !== undefined) {
      const tail = service.log === CONSOLE ? "" : `\n${logTail(service.log)}`;
      throw new StackError(`The ${name} ended while it started.${tail}`);
    }
    const answer = await ask(port);
    if (answer === "ready") return;
    last = answer ?? last;
    const now = performance.now();
    const kinds = (answer?.problems ?? []).map(({ kind }) => kind).join();
    if (kinds !== same.kinds) same = { kinds, since: now };
    if ((kinds !== "" && now - same.since > problemMs) || now - startedAt > readyMs)
      throw new StackError(notReady(name, service.log, last, Math.round((now - startedAt) / 1000)));
    await delay(50);
  }
}

async function ask(port: number): Promise<"ready" | NotReady | undefined> {
  try {
    const answer = await fetch(`http://${LOOPBACK}:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok ? "ready" : answerSchema.safeParse(await answer.json()).data;
  } catch {
    return undefined;
  }
}

function notReady(name: string, log: string, last: NotReady | undefined, seconds: number): string {
  const where = log === CONSOLE ? "" : ` Its log is ${log}`;
  const problems = last?.problems ?? [];
  if (problems.length > 0) {
    const lines = problems.map(({ kind, todo }) => `  ${kind}: ${todo}`);
    return `The ${name} is not ready:\n${lines.join("\n")}${where && `\n${where.trim()}`}`;
  }
  const away = Object.entries(last?.checks ?? {}).flatMap(([check, state]) => (state === "away" ? [check] : []));
  const what = away.length > 0 ? `: it does not reach ${away.join(" and ")}` : "";
  return `The ${name} was not ready within ${seconds} s${what}.${where}`;
}
