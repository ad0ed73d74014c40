import { type CatalogueEntry, LibraryError, libraryCatalogue } from "@libs/problems";

/**
 * - `bulk.already_running`: another run has the lease
 * - `bulk.outage`: Keycloak or the database was away for longer than was to be waited; see `cause`
 * - `bulk.lost_lease`: another run began, because this one could not renew its lease in time
 * - `bulk.refused`: Keycloak does not show all users, so that nothing follows from one that is missing
 * - `bulk.unlistable`: Keycloak's list of users can't be read to its end
 * @see {@link BulkService}
 */
export type BulkErrorCode =
  | "bulk.already_running"
  | "bulk.outage"
  | "bulk.lost_lease"
  | "bulk.refused"
  | "bulk.unlistable";

/**
 * A run that could not go on. `message` says what to do, without secrets.
 * @see {@link BulkService}
 */
export class BulkError extends LibraryError<BulkErrorCode> {
  override readonly name = "BulkError";
  constructor(
    readonly code: BulkErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get entry(): CatalogueEntry {
    return libraryCatalogue[this.code];
  }
}
