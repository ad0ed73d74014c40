/** PORT: the business relations that a registration may point at. */
export interface BusinessRepository {
  /** One round trip; an id that was not given counts as known. */
  knows(reference: { storeId?: string | null; organizationId?: string | null }): Promise<{
    store: boolean;
    organization: boolean;
  }>;
}
