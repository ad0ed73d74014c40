import { AsyncLocalStorage } from "node:async_hooks";

/** What belongs to one request and must be known far down: correlation for logs, and the one deadline of all its calls. */
export interface RequestContext {
  requestId: string;
  /** Milliseconds since the epoch; calls made for this request must not run past it. */
  deadlineAt?: number;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const requestContext = {
  run: <T>(context: RequestContext, work: () => T): T => storage.run(context, work),
  enter: (context: RequestContext): void => storage.enterWith(context),
  get: (): RequestContext | undefined => storage.getStore(),
};

/**
 * The time that a call may take: its own limit, or what is left of the request's deadline if that is less.
 * @param limitMs the call's own limit, in milliseconds
 * @returns milliseconds, at least 1
 */
export function remainingMs(limitMs: number): number {
  const deadlineAt = storage.getStore()?.deadlineAt;
  return deadlineAt === undefined ? limitMs : Math.max(1, Math.min(limitMs, deadlineAt - Date.now()));
}
