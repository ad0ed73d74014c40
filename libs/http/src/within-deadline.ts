import { withDeadline } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { requestInfo } from "./request-info.ts";

/** Runs a flow as one request: with its id on every log line, and one deadline for all its calls. */
export type WithinDeadline = <T>(request: Request, work: () => Promise<T>) => Promise<T>;

/**
 * @param requestTimeoutMs the longest that one request may take, in milliseconds
 * @throws AuthError `request.timeout`; what was begun ends by itself
 */
export const withinDeadline =
  (requestTimeoutMs: number): WithinDeadline =>
  (request, work) =>
    withDeadline(requestInfo(request).requestId, requestTimeoutMs, work, () => new AuthError("request.timeout"));
