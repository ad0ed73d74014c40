import type { Guard } from "../guard/guard.ts";
import type { Principal } from "../guard/guard-user.ts";
import { markCheck } from "./guards-of.ts";
import { guardProblem } from "./problem.ts";
import { type CompiledGuard, emptyGuard, takeScope } from "./route-guard.ts";

/** The parts of a request's context that a check reads. */
interface Context {
  request: Request;
  params?: Record<string, string>;
}

interface Hooks {
  parse?: unknown;
  transform?: unknown;
  error?: unknown;
}

/**
 * Puts a check before all else that a route does with a request: before its body is read where there may be one, before
 * anything is validated otherwise.
 * @returns what the check asks, to be added to
 */
export function installCheck(guard: Guard, hooks: Hooks): CompiledGuard {
  const rules = emptyGuard();
  const passed = new WeakMap<Request, Principal>();
  const refusals = new WeakSet<object>();

  const check = async ({ request, params = {} }: Context): Promise<Principal> => {
    try {
      const pending = guard.authenticate(request.headers.get("authorization"));
      const principal = pending instanceof Promise ? await pending : pending;
      const verdict = guard.authorize(principal, rules, takeScope(rules, scopeSource(request, params, principal)));
      if (verdict) await verdict;
      return principal;
    } catch (error) {
      refusals.add(error as object);
      throw error;
    }
  };
  // Elysia reads from these functions' text what they take from the context: they name it, and nothing else is made.
  const beforeBody = async ({ request, params }: Context): Promise<void> => {
    passed.set(request, await check({ request, params }));
  };
  const beforeAll = async ({ request, params }: Context): Promise<Principal> =>
    passed.get(request) ?? (await check({ request, params }));
  const onError = ({ error }: { error: unknown }): Response | undefined => guardProblem(error, refusals);

  markCheck(beforeBody, rules);
  markCheck(beforeAll, rules);
  hooks.parse = first(beforeBody, hooks.parse);
  hooks.transform = first(beforeAll, hooks.transform);
  hooks.error = first(onError, hooks.error);
  return rules;
}

const first = (added: unknown, others: unknown): unknown[] => [added, ...(others === undefined ? [] : [others].flat())];

function scopeSource(request: Request, params: Record<string, string>, { user }: Principal) {
  return {
    request,
    params,
    user,
    get query() {
      return Object.fromEntries(new URL(request.url).searchParams);
    },
  };
}
