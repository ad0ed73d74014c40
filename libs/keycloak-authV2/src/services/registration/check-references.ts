import type { BusinessRepository } from "@libs/database";
import { AuthError } from "@libs/problems";

/** For {@link checkReferences}. */
export interface CheckReferencesDeps {
  business: Pick<BusinessRepository, "knows">;
}

/**
 * Rows of the application that a registration refers to.
 * @see {@link UserSyncService}
 */
export interface BusinessReferences {
  storeId?: string | null | undefined;
  organizationId?: string | null | undefined;
}

/**
 * Refuses a store or organization that does not exist, before Keycloak is called. What a caller names here is a
 * preference, never an authorization.
 * @throws AuthError `registration.store_unknown` | `registration.organization_unknown`
 */
export async function checkReferences(
  { business }: CheckReferencesDeps,
  { storeId, organizationId }: BusinessReferences,
): Promise<void> {
  if (!storeId && !organizationId) return;
  const known = await business.knows({ storeId: storeId ?? null, organizationId: organizationId ?? null });
  if (!known.store) throw unknown("registration.store_unknown", "storeId");
  if (!known.organization) throw unknown("registration.organization_unknown", "organizationId");
}

function unknown(code: "registration.store_unknown" | "registration.organization_unknown", path: string): AuthError {
  return new AuthError(code, { errors: [{ path, message: "does not exist" }] });
}
