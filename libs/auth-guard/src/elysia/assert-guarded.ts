import { SetupError } from "@libs/problems";
import { guardsOf, isCheck, PUBLIC, type RouteHooks } from "./guards-of.ts";

interface Routes {
  routes: readonly { method: string; path: string; hooks?: unknown }[];
}

type Route = Routes["routes"][number];

/**
 * For a service's tests: every route is guarded before its body is read, or says `public: true`.
 * @param app the finished app
 * @param options.except paths that plugins add, such as `/openapi`: exactly, or with `/*` all below
 * @throws SetupError that names the others
 * @example
 * ```ts
 * import { test } from "bun:test";
 * import { assertGuarded, keycloakAuth } from "@libs/auth-guard";
 * import { Elysia } from "elysia";
 *
 * const createApp = () => new Elysia().use(keycloakAuth()).get("/me", ({ user }) => user.id, { auth: true });
 *
 * test("every route is guarded", () => assertGuarded(createApp(), { except: ["/openapi/*"] }));
 * ```
 */
export function assertGuarded(app: Routes, { except = [] }: { except?: readonly string[] } = {}): void {
  const open = app.routes.filter((route) => !isDeclared(route) && !isExcepted(route, except));
  if (open.length > 0) throw new SetupError("guard.missing", `neither guarded nor public: ${namesOf(open)}`);
  const late = app.routes.filter((route) => isGuarded(route) && !isCheckedFirst(route));
  if (late.length > 0)
    throw new SetupError("guard.missing", `reads the body before its guard (see guardFirst): ${namesOf(late)}`);
}

const hooksOf = ({ hooks }: Route): RouteHooks => hooks ?? {};
const isGuarded = (route: Route) => guardsOf(hooksOf(route)).length > 0;
const isDeclared = (route: Route) => hooksOf(route)[PUBLIC] === true || isGuarded(route);
const isCheckedFirst = (route: Route) => isCheck([hooksOf(route).parse].flat()[0]);
const namesOf = (routes: Route[]) => routes.map(({ method, path }) => `${method} ${path}`).join(", ");

function isExcepted({ path }: Route, except: readonly string[]): boolean {
  return except.some((one) => (one.endsWith("/*") ? path.startsWith(one.slice(0, -1)) : path === one));
}
