/**
 * The application's own roles and permissions.
 * Invariant: rights come from `user_roles` alone, and an email's grants go to nobody who has not proved to own it.
 */
export { AccessService, type RoleAssignment, type RoleDefinition } from "./access-service.ts";
export { definePermissions, type PermissionName, type PermissionOf, permissionNameForm } from "./define-permissions.ts";
export type { GrantScope } from "./grant-scope.ts";
