import { withDeadline } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { requestInfo } from "./request-info.ts";

/**
 * Runs a flow as one request: with its id on every log line, and one deadline for all its calls.
 * @see {@link withinDeadline}
 */
export type WithinDeadline = <T>(request: Request, work: () => Promise<T>) => Promise<T>;

/**
 * Makes the function that runs a request's work within its deadline.
 * @param requestTimeoutMs the longest that one request may take, in milliseconds
 * @throws AuthError `request.timeout`; what was begun ends by itself
 * @example
 * ```ts
 * import { type WithinDeadline, withinDeadline } from "@libs/http";
 * import { Elysia } from "elysia";
 *
 * const run: WithinDeadline = withinDeadline(4500);
 * export const app = new Elysia().get("/slow", ({ request }) => run(request, async () => "done"));
 * ```
 */
export const withinDeadline =
  (requestTimeoutMs: number): WithinDeadline =>
  (request, work) =>
    withDeadline(requestInfo(request).requestId, requestTimeoutMs, work, () => new AuthError("request.timeout"));
