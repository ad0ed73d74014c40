import { requestContext } from "@libs/observability";
import { Elysia } from "elysia";
import { aroundRequest } from "./around-request.ts";
import { requestInfo } from "./request-info.ts";

/** Gives each request an id, on its answer and on every log line written for it, and remembers which route it took. */
export const requestContextPlugin = () =>
  new Elysia({ name: "request-context" })
    .use(
      aroundRequest("request-scope", (request, next) =>
        requestContext.run({ requestId: requestInfo(request).requestId }, next),
      ),
    )
    .onRequest(({ request, set }) => {
      set.headers["x-request-id"] = requestInfo(request).requestId;
    })
    .onTransform({ as: "global" }, ({ request, route }) => {
      if (route) requestInfo(request).route = route;
    })
    .onError({ as: "global" }, ({ request, route }) => {
      if (route) requestInfo(request).route = route;
    });
