import { SetupError } from "@libs/problems";
import type { GuardRules } from "../guard/guard-rules.ts";
import type { GuardUser, Scope } from "../guard/guard-user.ts";

/**
 * What a scope is taken from: the request as it is before its body is read.
 * @see {@link RouteGuard}
 */
export interface ScopeSource {
  params: Readonly<Record<string, string | undefined>>;
  query: Readonly<Record<string, string | undefined>>;
  request: Request;
  user: GuardUser;
}

/**
 * Where a permission must hold. Without an answer it must hold everywhere.
 * @see {@link RouteGuard}
 */
export type TakeScope = (source: ScopeSource) => string | null | undefined;

/**
 * What a route declares.
 * @example
 * ```ts
 * import { pathParam, type RouteGuard, type ScopeSource, type TakeScope } from "@libs/auth-guard";
 *
 * const headerStore: TakeScope = ({ request }: ScopeSource) => request.headers.get("x-store");
 * export const readOrders: RouteGuard<"orders:read"> = { permissions: ["orders:read"], store: headerStore };
 * export const refund: RouteGuard = { roles: ["finance"], store: pathParam("store"), maxAuthAgeSeconds: 300 };
 * ```
 */
export interface RouteGuard<Permission extends string = string> {
  /** Realm roles by name (`:name` where it has a colon), client roles as `client:role`: one of them is enough. */
  roles?: readonly string[];
  /** Permissions of the application's own, all of them needed: everywhere, or in `store` or `organization`. */
  permissions?: readonly Permission[];
  /** Takes the id of the store where the permissions must hold. */
  store?: TakeScope;
  /** Takes the id of the organization where the permissions must hold. */
  organization?: TakeScope;
  /** Longest time since the session's start, for what is sensitive. Seconds. */
  maxAuthAgeSeconds?: number;
  /** Lets service accounts in (client credentials), which have roles but no session and no permissions. */
  serviceAccounts?: boolean;
}

/** A route's guard, as it is checked: one object a route, to which each of its keys adds. */
export interface CompiledGuard extends GuardRules {
  store: TakeScope | undefined;
  organization: TakeScope | undefined;
}

export const emptyGuard = (): CompiledGuard => ({
  roles: [],
  permissions: [],
  serviceAccounts: false,
  store: undefined,
  organization: undefined,
});

/** @throws SetupError for a declaration that would let everybody in, or nobody */
export function addToGuard(guard: CompiledGuard, added: RouteGuard): void {
  for (const [name, value] of Object.entries(added)) {
    if (value === undefined) throw new SetupError("guard.invalid", `auth: ${name} is undefined`);
  }
  if (added.roles?.length === 0 || added.permissions?.length === 0)
    throw new SetupError("guard.invalid", "auth: an empty list guards nothing");
  if (added.maxAuthAgeSeconds !== undefined && !(added.maxAuthAgeSeconds > 0))
    throw new SetupError("guard.invalid", "auth: maxAuthAgeSeconds must be positive");
  Object.assign(guard, added);
}

/**
 * @param given `true`: a person with a live session. Or all that the route asks
 * @throws SetupError for a declaration that would let everybody in, or nobody
 */
export function compileGuard(given: true | RouteGuard): CompiledGuard {
  const guard = emptyGuard();
  addToGuard(guard, givenGuard(given));
  return guard;
}

/** What `auth` is given. Anything else, such as false, would read as "no guard" while it is one. */
export function givenGuard(given: unknown): RouteGuard {
  if (given === true) return {};
  if (typeof given !== "object" || given === null)
    throw new SetupError("guard.invalid", "auth: true, or what the route asks");
  return given;
}

/** The scope of a request, of a route that names one. */
export function takeScope({ store, organization }: CompiledGuard, source: ScopeSource): Scope {
  return { storeId: store?.(source) || null, organizationId: organization?.(source) || null };
}
