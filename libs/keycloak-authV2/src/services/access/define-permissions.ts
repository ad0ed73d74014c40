import { SetupError } from "@libs/problems";

/**
 * `resource:action`
 * @see {@link definePermissions}
 */
export type PermissionName = `${string}:${string}`;

/**
 * The names of a registry: what a route may ask for.
 * @see {@link definePermissions}
 */
export type PermissionOf<Registry extends Readonly<Record<PermissionName, string>>> = keyof Registry & PermissionName;

/**
 * Lower case, digits, `-` and `_` on both sides of the colon.
 * @see {@link definePermissions}
 */
export const permissionNameForm = /^[a-z0-9_-]{1,64}:[a-z0-9_-]{1,64}$/;

/**
 * The permissions of a service, each with what it is for: the one place that spells them.
 * @param registry what each permission is for, by its name
 * @throws SetupError `access.permission_invalid` for a name that is not `resource:action`
 *
 * @example
 * ```ts
 * import {
 *   definePermissions,
 *   type PermissionName,
 *   type PermissionOf,
 *   permissionNameForm,
 * } from "@libs/keycloak-authV2/services/access";
 *
 * const permissions = definePermissions({ "orders:read": "See orders", "orders:write": "Change orders" });
 * type Permission = PermissionOf<typeof permissions>; // "orders:read" | "orders:write"
 *
 * const needed: Permission = "orders:read";
 * const other: PermissionName = "reports:read";
 * console.log(needed, permissionNameForm.test(other)); // true
 * ```
 */
export function definePermissions<const Registry extends Record<PermissionName, string>>(
  registry: Registry,
): Readonly<Registry> {
  for (const name of Object.keys(registry))
    if (!permissionNameForm.test(name))
      throw new SetupError("access.permission_invalid", `a permission is named resource:action, not ${name}`);
  return Object.freeze({ ...registry });
}
