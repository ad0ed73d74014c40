import type { TakeScope } from "./route-guard.ts";

// Made by calls: TypeScript does not infer what a handler gets beside a function whose parameters it must infer as well.

/**
 * The scope is in the path: `pathParam("store")` for `/stores/:store/orders`.
 * @param name of the path's parameter
 * @see {@link RouteGuard}
 */
export const pathParam =
  (name: string): TakeScope =>
  ({ params }) =>
    params[name];

/**
 * The scope is in the query: `queryParam("store")` for `/orders?store=…`.
 * @param name of the query's parameter
 * @example
 * ```ts
 * import { keycloakAuth, queryParam } from "@libs/auth-guard";
 * import { Elysia } from "elysia";
 *
 * export const app = new Elysia()
 *   .use(keycloakAuth<"orders:read">())
 *   .get("/orders", ({ query }) => query.store, { permissions: ["orders:read"], store: queryParam("store") });
 * ```
 */
export const queryParam =
  (name: string): TakeScope =>
  ({ query }) =>
    query[name];

/**
 * The user's own store; of one who has none, the permission must hold everywhere.
 * @param source the request
 * @see {@link keycloakAuth}
 */
export const ownStore: TakeScope = ({ user }) => user.storeId;

/**
 * The user's own organization; of one who has none, the permission must hold everywhere.
 * @param source the request
 * @example
 * ```ts
 * import { ownOrganization, type RouteGuard } from "@libs/auth-guard";
 *
 * export const readReports: RouteGuard = { permissions: ["reports:read"], organization: ownOrganization };
 * ```
 */
export const ownOrganization: TakeScope = ({ user }) => user.organizationId;
