import { SetupError } from "@libs/problems";
import { GUARD_KEYS, isCheck, type RouteHooks } from "./guards-of.ts";

/**
 * Puts guards before parsers that a service has for all its routes: Elysia runs those first. `keycloakAuth()` does it when
 * the app begins to listen; an app that only handles requests, as in tests, calls it once it is finished. Without it a body
 * is read before its sender is refused, which `assertGuarded` reports.
 * @param app the finished app; it is changed
 * @throws SetupError when a route asks for a guard where the plugin is not used, so that it would have none
 * @returns the same app
 * @example
 * ```ts
 * import { guardFirst, keycloakAuth } from "@libs/auth-guard";
 * import { Elysia } from "elysia";
 *
 * const app = guardFirst(
 *   new Elysia()
 *     .onParse(({ request }) => request.json())
 *     .use(keycloakAuth())
 *     .post("/notes", ({ user }) => user.id, { auth: true }),
 * );
 * export const refused = await app.handle(new Request("http://localhost/notes", { method: "POST", body: "{}" })); // 401
 * ```
 */
export function guardFirst<App extends { routes: readonly { method: string; path: string; hooks?: unknown }[] }>(
  app: App,
): App {
  for (const { method, path, hooks = {} } of app.routes) {
    if (GUARD_KEYS.some((key) => key in (hooks as object)))
      throw new SetupError("guard.missing", `has a guard but no keycloakAuth(): ${method} ${path}`);
    const { parse } = hooks as RouteHooks;
    // In place: the list is what Elysia compiles at the first request.
    if (Array.isArray(parse)) parse.sort((a, b) => Number(isCheck(b)) - Number(isCheck(a)));
  }
  return app;
}
