/** Guards for services of any framework: nothing here loads Elysia. */

export type { Guard } from "../guard/guard.ts";
export { GuardRefusal } from "../guard/guard-refusal.ts";
export type { GuardSession, GuardUser, Principal, Scope } from "../guard/guard-user.ts";
export { clientRole, realmRole } from "../guard/role-name.ts";
export type { PathParams } from "./check-request.ts";
export { type CheckRequest, createGuard, type RequestGuard } from "./create-guard.ts";
export type { GuardProblem } from "./guard-response.ts";
export { type KeycloakAuthOptions, openGuard } from "./open-guard.ts";
export type { RouteGuard, ScopeSource, TakeScope } from "./route-guard.ts";
export { ownOrganization, ownStore, pathParam, queryParam } from "./take-scope.ts";
