/** Guards for services on Elysia: one plugin, keys on routes, a typed `user` and `session` in handlers. */

export type { Guard } from "../guard/guard.ts";
export { GuardRefusal } from "../guard/guard-refusal.ts";
export type { GuardSession, GuardUser, Principal, Scope } from "../guard/guard-user.ts";
export { clientRole, realmRole } from "../guard/role-name.ts";
export { DEFAULT_MAX_TOKEN_BYTES } from "../guard/token-limit.ts";
export type { GuardProblemKind } from "../guard/watch-channel.ts";
export {
  isSignatureAlgorithm,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from "../keycloak/signature-algorithms.ts";
export { assertGuarded } from "./assert-guarded.ts";
export { BEARER_AUTH, bearerAuth, PROBLEM_TITLE } from "./describe-guard.ts";
export { guardFirst } from "./guard-first.ts";
export type { KeycloakAuth } from "./guard-plugin.ts";
export { keycloakAuth } from "./keycloak-auth.ts";
export { type KeycloakAuthOptions, openGuard } from "./open-guard.ts";
export type { GuardProblem } from "./problem.ts";
export { type ProblemDocument, problemMedia, problemMediaType } from "./problem-media-type.ts";
export { requestTarget } from "./request-target.ts";
export type { RouteGuard, ScopeSource, TakeScope } from "./route-guard.ts";
export { ownOrganization, ownStore, pathParam, queryParam } from "./take-scope.ts";
