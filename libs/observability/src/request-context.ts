import { AsyncLocalStorage } from "node:async_hooks";
import { waitAtMost } from "./wait-at-most.ts";

/**
 * What belongs to one request and must be known far down: correlation for logs, and the one deadline of all its calls.
 * @see {@link requestContext}
 */
export interface RequestContext {
  requestId: string;
  /** Milliseconds since the epoch; calls made for this request must not run past it. */
  deadlineAt?: number;
}

const storage = new AsyncLocalStorage<RequestContext>();

/**
 * The context of the request that the calling code works for. It follows promises and timers.
 * @example
 * ```ts
 * import { type RequestContext, requestContext } from "@libs/observability/request-context";
 *
 * const context: RequestContext = { requestId: "r-1", deadlineAt: Date.now() + 4500 };
 * await requestContext.run(context, async () => {
 *   console.log(requestContext.get()?.requestId); // "r-1"
 *   requestContext.outside(() => setInterval(() => {}, 60_000)); // belongs to no request
 * });
 * ```
 */
export const requestContext = {
  run: <T>(context: RequestContext, work: () => T): T => storage.run(context, work),
  get: (): RequestContext | undefined => storage.getStore(),
  /** Runs `work` for the same request, freed from its deadline: for what must be finished after the answer. */
  withoutDeadline: <T>(work: () => T): T => {
    const context = storage.getStore();
    return context === undefined ? work() : storage.run({ requestId: context.requestId }, work);
  },
  /** Runs `work` for no request at all: for what a request only sets off, timers included. */
  outside: <T>(work: () => T): T => storage.exit(work),
};

/**
 * The time that a call may take: its own limit, or what is left of the request's deadline if that is less.
 * @param limitMs the call's own limit, in milliseconds
 * @returns milliseconds, at least 1
 * @see {@link withDeadline}
 */
export function remainingMs(limitMs: number): number {
  const deadlineAt = storage.getStore()?.deadlineAt;
  return deadlineAt === undefined ? limitMs : Math.max(1, Math.min(limitMs, deadlineAt - Date.now()));
}

/**
 * Whether the request's caller has been answered already, because its time was over.
 * @see {@link withDeadline}
 */
export function deadlinePassed(): boolean {
  const deadlineAt = storage.getStore()?.deadlineAt;
  return deadlineAt !== undefined && Date.now() >= deadlineAt;
}

/**
 * Runs `work` as one request. When `timeoutMs` is over the caller gets `onTimeout()`, while `work` ends by itself: what
 * it has begun is finished or undone, never cut.
 * @param requestId for the log
 * @param timeoutMs for all calls of the request together, in milliseconds
 * @param work every call in it may take {@link remainingMs}
 * @param onTimeout makes the caller's error
 * @throws what `work` throws, or `onTimeout()`
 * @example
 * ```ts
 * import { deadlinePassed, remainingMs, withDeadline } from "@libs/observability/request-context";
 *
 * const load = async () => {
 *   const answer = await fetch("https://example.com/", { signal: AbortSignal.timeout(remainingMs(3000)) });
 *   if (deadlinePassed()) console.warn("the caller has had an error by now");
 *   return answer.status;
 * };
 * export const status = await withDeadline("r-1", 4500, load, () => new Error("too slow"));
 * ```
 */
export async function withDeadline<T>(
  requestId: string,
  timeoutMs: number,
  work: () => Promise<T>,
  onTimeout: () => Error,
): Promise<T> {
  const running = storage.run({ requestId, deadlineAt: Date.now() + timeoutMs }, work);
  return await waitAtMost(running, timeoutMs, () => {
    throw onTimeout();
  });
}
