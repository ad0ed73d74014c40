import { DatabaseError } from "@libs/postgres";
import { AuthError } from "@libs/problems";
import type { Guard } from "../guard/guard.ts";
import type { Principal } from "../guard/guard-user.ts";
import { markCheck } from "./guards-of.ts";
import { guardProblem } from "./problem.ts";
import { type CompiledGuard, emptyGuard, takeScope } from "./route-guard.ts";

/** The parts of a request's context that a check reads. */
interface Context {
  request: Request;
  params: Params;
}

type Params = Record<string, string> | undefined;

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

  const allow = (principal: Principal, request: Request, params: Params): Principal | Promise<Principal> => {
    const isScoped = rules.store !== undefined || rules.organization !== undefined;
    const scope = isScoped ? takeScope(rules, scopeSource(request, params, principal)) : undefined;
    const verdict = guard.authorize(principal, rules, scope);
    return verdict ? verdict.then(() => principal) : principal;
  };
  /** At once where everything is in memory: a promise more is what a warm request would notice. */
  const check = (request: Request, params: Params): Principal | Promise<Principal> => {
    const principal = guard.authenticate(request.headers.get("authorization"));
    return principal instanceof Promise
      ? principal.then((known) => allow(known, request, params))
      : allow(principal, request, params);
  };
  // Elysia reads from these functions' text what they take from the context, and that they are to be awaited.
  const beforeBody = async ({ request, params }: Context): Promise<void> => {
    try {
      passed.set(request, await check(request, params));
    } catch (error) {
      throw remember(error);
    }
  };
  const beforeAll = async ({ request, params }: Context): Promise<Principal> => {
    try {
      const known = passed.get(request) ?? check(request, params);
      return known instanceof Promise ? await known : known;
    } catch (error) {
      throw remember(error);
    }
  };
  const remember = (thrown: unknown): Error => {
    const error = asGuardError(thrown);
    refusals.add(error);
    return error;
  };
  const onError = ({ error }: { error: unknown }): Response | undefined => guardProblem(error, refusals);

  markCheck(beforeBody, rules);
  markCheck(beforeAll, rules);
  hooks.parse = first(beforeBody, hooks.parse);
  hooks.transform = first(beforeAll, hooks.transform);
  hooks.error = first(onError, hooks.error);
  return rules;
}

const first = (added: unknown, others: unknown): unknown[] => [added, ...(others === undefined ? [] : [others].flat())];

function scopeSource(request: Request, params: Params = {}, { user }: Principal) {
  return {
    request,
    params,
    user,
    get query() {
      return Object.fromEntries(new URL(request.url).searchParams);
    },
  };
}

/** A fault of the check itself must not be taken for one of the body, before which it runs. */
const asGuardError = (thrown: unknown): Error =>
  thrown instanceof AuthError || thrown instanceof DatabaseError
    ? thrown
    : new AuthError("internal.error", { cause: thrown });
