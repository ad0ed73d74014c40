import { definePermissions, type PermissionOf } from "@libs/keycloak-authV2/services/access";

/** What people who work for a store may do in it. Customers need none for what is their own. */
export const permissions = definePermissions({
  "orders:read": "See the orders of a store.",
  "orders:write": "Mark an order of a store as paid, shipped or cancelled.",
  "products:write": "Set what a store sells, and at which price.",
});

export type OrdersPermission = PermissionOf<typeof permissions>;
