import type { Guard } from "../guard/guard.ts";
import type { Principal } from "../guard/guard-user.ts";
import { asGuardError, checkRequest } from "../request/check-request.ts";
import { type CompiledGuard, emptyGuard } from "../request/route-guard.ts";
import { markCheck } from "./guards-of.ts";
import { guardProblem } from "./problem.ts";

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

  // Elysia reads from these functions' text what they take from the context, and that they are to be awaited.
  const beforeBody = async ({ request, params }: Context): Promise<void> => {
    try {
      passed.set(request, await checkRequest(guard, rules, request, params));
    } catch (error) {
      throw remember(error);
    }
  };
  const beforeAll = async ({ request, params }: Context): Promise<Principal> => {
    try {
      const known = passed.get(request) ?? checkRequest(guard, rules, request, params);
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
