import { randomUUID } from "node:crypto";

/** What the gateway itself knows of a request. */
export interface RequestInfo {
  /** Ours: a caller's own `X-Request-Id` is never trusted. */
  requestId: string;
  startedAt: number;
  /** The matched route's pattern; a fixed word where none matched, so that metrics stay small. */
  route: string;
}

const infos = new WeakMap<Request, RequestInfo>();

/** The request's info, made when first asked for. */
export function requestInfo(request: Request): RequestInfo {
  let info = infos.get(request);
  if (!info) {
    info = { requestId: randomUUID(), startedAt: performance.now(), route: "unmatched" };
    infos.set(request, info);
  }
  return info;
}
