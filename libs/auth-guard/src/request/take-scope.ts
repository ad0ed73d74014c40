import type { TakeScope } from "./route-guard.ts";

// Made by calls: TypeScript does not infer what a handler gets beside a function whose parameters it must infer as well.

/** The scope is in the path: `pathParam("store")` for `/stores/:store/orders`. */
export const pathParam =
  (name: string): TakeScope =>
  ({ params }) =>
    params[name];

/** The scope is in the query: `queryParam("store")` for `/orders?store=…`. */
export const queryParam =
  (name: string): TakeScope =>
  ({ query }) =>
    query[name];

/** The user's own store; of one who has none, the permission must hold everywhere. */
export const ownStore: TakeScope = ({ user }) => user.storeId;

/** The user's own organization; of one who has none, the permission must hold everywhere. */
export const ownOrganization: TakeScope = ({ user }) => user.organizationId;
