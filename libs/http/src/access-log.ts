import type { Logger } from "@libs/observability";
import { aroundRequest } from "./around-request.ts";
import { requestInfo } from "./request-info.ts";

export type ObserveResponse = (request: Request, response: Response) => void;

/** Calls `observers` once an answer is ready, whatever made it: a handler, an error, a missing route. */
export const responseObservers = (observers: ObserveResponse[]) =>
  aroundRequest("response-observers", async (request, next) => {
    const response = await next();
    for (const observe of observers) observe(request, response);
    return response;
  });

/** One line a request: method, route pattern, status, time. No query, no body, no header: those can hold secrets. */
export function accessLog(logger: Logger): ObserveResponse {
  return (request, response) => {
    const { route, startedAt, requestId } = requestInfo(request);
    const fields = {
      requestId,
      method: request.method,
      route,
      status: response.status,
      durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
    };
    if (route.startsWith("/health") || route === "/metrics") logger.debug(fields, "request");
    else logger.info(fields, "request");
  };
}
