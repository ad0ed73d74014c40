import { DatabaseError } from "@libs/postgres";
import { AuthError } from "@libs/problems";
import type { Guard } from "../guard/guard.ts";
import type { Principal } from "../guard/guard-user.ts";
import { type CompiledGuard, takeScope } from "./route-guard.ts";

/**
 * Values of a route's path parameters, by name.
 * @see {@link createGuard}
 */
export type PathParams = Readonly<Record<string, string | undefined>>;

/**
 * The one check of a request, whatever framework serves it. At once where everything is in memory: a promise more is what
 * a warm request would notice.
 * @throws AuthError, DatabaseError, at once or later; anything else is a fault of the check itself: {@link asGuardError}
 */
export function checkRequest(
  guard: Guard,
  rules: CompiledGuard,
  request: Request,
  params: PathParams = {},
): Principal | Promise<Principal> {
  const allow = (principal: Principal): Principal | Promise<Principal> => {
    const isScoped = rules.store !== undefined || rules.organization !== undefined;
    const scope = isScoped ? takeScope(rules, scopeSource(request, params, principal)) : undefined;
    const verdict = guard.authorize(principal, rules, scope);
    return verdict ? verdict.then(() => principal) : principal;
  };
  const principal = guard.authenticate(request.headers.get("authorization"));
  return principal instanceof Promise ? principal.then(allow) : allow(principal);
}

function scopeSource(request: Request, params: PathParams, { user }: Principal) {
  return {
    request,
    params,
    user,
    get query() {
      return Object.fromEntries(new URL(request.url).searchParams);
    },
  };
}

/** A fault of the check itself must not be taken for one of the request. */
export const asGuardError = (thrown: unknown): Error =>
  thrown instanceof AuthError || thrown instanceof DatabaseError
    ? thrown
    : new AuthError("internal.error", { cause: thrown });
