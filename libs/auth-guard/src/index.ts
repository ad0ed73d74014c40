/** Guards for services on Elysia: one plugin, keys on routes, a typed `user` and `session` in handlers. */

export { openGuardDatabase, type SharedDatabase, shareDatabase } from "./database/guard-database.ts";
export { PostgresGuardRepository } from "./database/postgres-guard-repository.ts";
export { assertGuarded } from "./elysia/assert-guarded.ts";
export { BEARER_AUTH, bearerAuth, PROBLEM_TITLE } from "./elysia/describe-guard.ts";
export { guardFirst } from "./elysia/guard-first.ts";
export type { KeycloakAuth } from "./elysia/guard-plugin.ts";
export { keycloakAuth } from "./elysia/keycloak-auth.ts";
export { type ProblemDocument, problemMedia, problemMediaType } from "./elysia/problem-media-type.ts";
export { requestTarget } from "./elysia/request-target.ts";
export type { Guard } from "./guard/guard.ts";
export { GuardRefusal } from "./guard/guard-refusal.ts";
export type { Grant, GuardedSession, GuardedUser, GuardRepository } from "./guard/guard-repository.ts";
export type { GuardSession, GuardUser, Principal, Scope } from "./guard/guard-user.ts";
export { clientRole, realmRole } from "./guard/role-name.ts";
export { DEFAULT_MAX_TOKEN_BYTES, PROXY_SAFE_TOKEN_BYTES } from "./guard/token-limit.ts";
export type { GuardProblemKind } from "./guard/watch-channel.ts";
export {
  isSignatureAlgorithm,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from "./keycloak/signature-algorithms.ts";
export type { PathParams } from "./request/check-request.ts";
export { type CheckRequest, createGuard, type RequestGuard } from "./request/create-guard.ts";
export type { GuardProblem } from "./request/guard-response.ts";
export { type KeycloakAuthOptions, openGuard } from "./request/open-guard.ts";
export type { RouteGuard, ScopeSource, TakeScope } from "./request/route-guard.ts";
export { ownOrganization, ownStore, pathParam, queryParam } from "./request/take-scope.ts";
