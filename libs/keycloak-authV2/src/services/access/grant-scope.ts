import { ForeignKeyViolationError, type Scope } from "@libs/database";
import { AuthError } from "@libs/problems";

/**
 * Where a role holds: in one store, or in one organization.
 * @see {@link AccessService}
 */
export type GrantScope = { storeId: string; organizationId?: null } | { organizationId: string; storeId?: null };

/** @param scope left out: everywhere */
export function toScope(scope: GrantScope | undefined): Scope {
  return { storeId: scope?.storeId ?? null, organizationId: scope?.organizationId ?? null };
}

/** For `.catch`: what names a scope that does not exist says so. */
export function unknownScope(error: unknown): never {
  if (!(error instanceof ForeignKeyViolationError)) throw error;
  if (error.constraint.includes("store")) throw new AuthError("access.store_unknown", { cause: error });
  if (error.constraint.includes("organization")) throw new AuthError("access.organization_unknown", { cause: error });
  throw error;
}
