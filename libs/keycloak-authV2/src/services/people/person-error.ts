import { type CatalogueEntry, LibraryError, libraryCatalogue } from "@libs/problems";

/**
 * - `person.registration_unfinished`: the registration's own recovery still works on this user
 * - `person.keeps_coming_back`: logged in again and again while it was erased
 * @see {@link PersonService}
 */
export type PersonErrorCode = "person.registration_unfinished" | "person.keeps_coming_back";

/**
 * What can't be done to a person now. `message` says what to do, without personal data.
 * @see {@link PersonService}
 */
export class PersonError extends LibraryError<PersonErrorCode> {
  override readonly name = "PersonError";
  constructor(
    readonly code: PersonErrorCode,
    message: string,
  ) {
    super(message);
  }

  get entry(): CatalogueEntry {
    return libraryCatalogue[this.code];
  }
}
