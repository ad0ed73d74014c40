import { AuthError } from "@libs/problems";
import { Guard } from "../guard/guard.ts";
import type { Principal } from "../guard/guard-user.ts";
import { checkRequest, type PathParams } from "./check-request.ts";
import { guardResponse, publicError } from "./guard-response.ts";
import { type KeycloakAuthOptions, openGuard } from "./open-guard.ts";
import { compileGuard, type RouteGuard } from "./route-guard.ts";
import { isValidHost } from "./valid-host.ts";

/**
 * The check of one route.
 * @param params the route's path parameters, for `pathParam(…)`
 * @see {@link createGuard}
 * @returns who calls, or the answer to send instead: problem details of 401, 403, 400, 503 or 500. Never rejects
 */
export type CheckRequest = (request: Request, params?: PathParams) => Promise<Principal | Response>;

/**
 * Guards the routes of any framework that has standard requests and responses.
 * @see {@link createGuard}
 */
export interface RequestGuard<Permission extends string = string> {
  /** For the service's readiness, and for tests. */
  readonly guard: Guard;
  /**
   * @param rules `true`: a person with a live session. Or all that the route asks
   * @throws SetupError for rules that would let everybody in, or nobody
   */
  require(rules: true | RouteGuard<Permission>): CheckRequest;
  /** Closes what was opened; a guard that was given stays open. */
  close(): Promise<void>;
}

/**
 * Guards routes without Elysia: Hono, Next.js, Node. The same checks and answers as `keycloakAuth()`. Answers of 5xx are
 * logged where `logger` is among the options.
 *
 * @param options as for `keycloakAuth()`: what is left out comes from the environment. Or a guard that `openGuard` made,
 *   to be closed by its owner
 * @throws SetupError for a setting that is missing or can't be used; SecretFileError, one of them, for a file
 * @example
 * ```ts
 * import { type CheckRequest, createGuard, type PathParams, pathParam, type RequestGuard } from "@libs/auth-guard/request";
 *
 * const guard: RequestGuard<"orders:read"> = createGuard<"orders:read">();
 * const mayRead: CheckRequest = guard.require({ permissions: ["orders:read"], store: pathParam("storeId") });
 *
 * export async function GET(request: Request, params: PathParams): Promise<Response> {
 *   const caller = await mayRead(request, params);
 *   if (caller instanceof Response) return caller;
 *   return Response.json({ ordersFor: caller.user.username });
 * }
 * ```
 */
export function createGuard<Permission extends string = string>(
  options: KeycloakAuthOptions | Guard = {},
): RequestGuard<Permission> {
  const isGiven = options instanceof Guard;
  const guard = isGiven ? options : openGuard(options);
  const logger = isGiven ? undefined : options.logger;
  const refuse = (thrown: unknown): Response => {
    const known = publicError(thrown) ?? new AuthError("internal.error", { cause: thrown });
    if (known.entry.status >= 500) logger?.warn({ err: thrown, code: known.code }, "request failed");
    return guardResponse(known);
  };
  return {
    guard,
    require(given) {
      const rules = compileGuard(given);
      return async (request, params) => {
        try {
          if (!isValidHost(request.headers.get("host"))) throw new AuthError("request.target_invalid");
          return await checkRequest(guard, rules, request, params);
        } catch (error) {
          return refuse(error);
        }
      };
    },
    close: async () => {
      if (!isGiven) await guard.close();
    },
  };
}
