import { SetupError } from "@libs/problems";

/** `resource:action` */
export type PermissionName = `${string}:${string}`;

/** The names of a registry: what a route may ask for. */
export type PermissionOf<Registry extends Readonly<Record<PermissionName, string>>> = keyof Registry & PermissionName;

/** Lower case, digits, `-` and `_` on both sides of the colon. */
export const permissionNameForm = /^[a-z0-9_-]{1,64}:[a-z0-9_-]{1,64}$/;

/**
 * The permissions of a service, each with what it is for: the one place that spells them.
 * @throws SetupError `access.permission_invalid` for a name that is not `resource:action`
 *
 * @example
 * export const permissions = definePermissions({ "orders:read": "See the orders of a store." });
 * export type Permission = PermissionOf<typeof permissions>; // "orders:read"
 */
export function definePermissions<const Registry extends Record<PermissionName, string>>(
  registry: Registry,
): Readonly<Registry> {
  for (const name of Object.keys(registry))
    if (!permissionNameForm.test(name))
      throw new SetupError("access.permission_invalid", `a permission is named resource:action, not ${name}`);
  return Object.freeze({ ...registry });
}
