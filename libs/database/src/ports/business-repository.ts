/**
 * PORT: the business relations that a registration may point at.
 * @example
 * ```ts
 * import type { BusinessRepository } from "@libs/database";
 *
 * export async function hasStore(business: BusinessRepository, storeId: string): Promise<boolean> {
 *   return (await business.knows({ storeId })).store;
 * }
 * ```
 */
export interface BusinessRepository {
  /** One round trip; an id that was not given counts as known. */
  knows(reference: { storeId?: string | null; organizationId?: string | null }): Promise<{
    store: boolean;
    organization: boolean;
  }>;
}
