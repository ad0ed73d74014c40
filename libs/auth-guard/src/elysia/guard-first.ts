import { SetupError } from "@libs/problems";
import { GUARD_KEYS, isCheck, type RouteHooks } from "./guards-of.ts";

/**
 * Puts guards before parsers that a service has for all its routes: Elysia runs those first. `keycloakAuth()` does it when
 * the app begins to listen; an app that only handles requests, as in tests, calls it once it is finished. Without it a body
 * is read before its sender is refused, which `assertGuarded` reports.
 * @throws SetupError when a route asks for a guard where the plugin is not used, so that it would have none
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
