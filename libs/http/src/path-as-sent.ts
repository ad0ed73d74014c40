import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";

/**
 * Answers at the path that was sent, letter by letter, and at no other spelling of it: `/a/../metrics`, `/metrics/` and
 * `/a\..\metrics` are 404. A filter of paths in front reads what was sent, where Elysia's own router reads what is left of
 * it when dots are resolved.
 *
 * Bun's router reads the address as sent, and knows every route but those that end in `*`. A request which it did not
 * match, and Elysia's did, was another address.
 */
export const pathAsSent = () =>
  new Elysia({ name: "path-as-sent" }).onTransform({ as: "global" }, ({ request, route, server }) => {
    if ("params" in request || route.endsWith("*")) return;
    // A request that is handed to the app within the process came through no router of Bun's.
    if (server?.requestIP(request)) throw new AuthError("request.not_found");
  });
