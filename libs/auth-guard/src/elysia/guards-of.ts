import type { CompiledGuard } from "../request/route-guard.ts";

/** A check that runs in a route's life cycle, and what it asks. Known by function: copies of hooks keep those. */
const checks = new WeakMap<object, CompiledGuard>();

/** Marks the hooks of a route that anybody may call. No symbol: Elysia drops hooks that have nothing else. */
export const PUBLIC = "keycloak-auth:public";

export interface RouteHooks {
  parse?: unknown;
  transform?: unknown;
  [PUBLIC]?: boolean;
}

/** Remembers a function of the life cycle as a guard's. */
export function markCheck(check: object, guard: CompiledGuard): void {
  checks.set(check, guard);
}

export function isCheck(hook: unknown): boolean {
  return checks.has(functionOf(hook));
}

/** What the guards of a route ask; empty: it has none. */
export function guardsOf({ transform }: RouteHooks): CompiledGuard[] {
  return [transform].flat().flatMap((hook) => checks.get(functionOf(hook)) ?? []);
}

function functionOf(hook: unknown): object {
  const found = typeof hook === "object" && hook !== null && "fn" in hook ? hook.fn : hook;
  return typeof found === "function" ? found : {};
}

/** The keys by which routes ask; they are gone once a guard is there. */
export const GUARD_KEYS = [
  "auth",
  "roles",
  "permissions",
  "store",
  "organization",
  "maxAuthAgeSeconds",
  "serviceAccounts",
] as const;
