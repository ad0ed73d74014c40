import { guardsOf, PUBLIC, type RouteHooks } from "./guards-of.ts";

interface Routes {
  routes: readonly { method: string; path: string; hooks?: unknown }[];
}

/**
 * For a service's tests: every route is guarded, or says `public: true`.
 * @param options.except paths that plugins add, such as `/openapi`: exactly, or with `/*` all below
 * @throws Error that names the others
 */
export function assertGuarded(app: Routes, { except = [] }: { except?: readonly string[] } = {}): void {
  const open = app.routes.filter(({ path, hooks }) => !isDeclared(hooks as RouteHooks) && !isExcepted(path, except));
  if (open.length === 0) return;
  const names = open.map(({ method, path }) => `${method} ${path}`).join(", ");
  throw new Error(`neither guarded nor public: ${names}`);
}

function isDeclared(hooks: RouteHooks = {}): boolean {
  return hooks[PUBLIC] === true || guardsOf(hooks).length > 0;
}

function isExcepted(path: string, except: readonly string[]): boolean {
  return except.some((one) => (one.endsWith("/*") ? path.startsWith(one.slice(0, -1)) : path === one));
}
