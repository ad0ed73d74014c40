import type { CatalogueEntry } from "./catalogue.ts";

/**
 * Errors that no caller of a service meets: those of setting the libraries up and of an operator's work. `message` of
 * such an error says what is wrong; `docs/errors.md` is generated from this table.
 * @see {@link LibraryError}
 */
export const libraryCatalogue = {
  "setup.missing": {
    status: 500,
    title: "A setting is missing.",
    hint: "`message` names the variable or the option: set it.",
  },
  "setup.invalid": {
    status: 500,
    title: "A setting can't be used.",
    hint: "`message` names the variable or the option, and what it must be.",
  },
  "setup.secret_file": {
    status: 500,
    title: "A secret can't be taken from its file.",
    hint: "`variable` names the file's variable, `rule` says what is wrong with the file.",
  },
  "setup.key_ring": {
    status: 500,
    title: "The key ring can't be used.",
    hint: "`message` names the entry: correct `TOKEN_ENCRYPTION_KEYS`.",
  },
  "guard.invalid": {
    status: 500,
    title: "A route's guard is declared wrongly.",
    hint: "`message` names the key: it would let everybody in, or nobody.",
  },
  "guard.missing": {
    status: 500,
    title: "A route has no guard, or its guard would run too late.",
    hint: "`message` lists the routes: guard each of them, or declare it `public: true`.",
  },
  "access.permission_invalid": {
    status: 500,
    title: "A permission's name is not allowed.",
    hint: "Name it `resource:action`, in lower case.",
  },
  "events.subscriber_invalid": {
    status: 500,
    title: "A subscriber's name is not allowed.",
    hint: "Use 1 to 40 lower-case letters, digits, `-` and `_`.",
  },
  "database.no_connection": {
    status: 503,
    title: "There is no connection to PostgreSQL.",
    hint: "`failure` says why; `authctl doctor` says what to do.",
  },
  "database.migration_failed": {
    status: 500,
    title: "The database could not be brought up to date.",
    hint: "`message` names the migration and says what to do.",
  },
  "keycloak.unsupported": {
    status: 502,
    title: "This Keycloak is too old.",
    hint: "Upgrade Keycloak: `docs/compatibility.md` lists the supported versions.",
  },
  "bulk.already_running": {
    status: 409,
    title: "Another run is in progress.",
    hint: "Wait until it ends, or stop it first.",
  },
  "bulk.outage": {
    status: 503,
    title: "Keycloak or the database was unavailable for too long.",
    hint: "Start the run again: it goes on where it was. `cause` has the last failure.",
  },
  "bulk.lost_lease": { status: 409, title: "Another run has started since.", hint: "Let the other run finish." },
  "bulk.refused": {
    status: 502,
    title: "Keycloak does not show all users.",
    hint: "Give the client's service account the role `manage-users`.",
  },
  "bulk.unlistable": {
    status: 503,
    title: "Keycloak's list of users can't be read to its end.",
    hint: "Run it again when fewer users change.",
  },
  "person.registration_unfinished": {
    status: 409,
    title: "This user's registration is not finished yet.",
    hint: "Recovery still works on it: repeat the command later.",
  },
  "person.keeps_coming_back": {
    status: 409,
    title: "The user logged in again and again while being erased.",
    hint: "Repeat the command.",
  },
} as const satisfies Record<string, CatalogueEntry>;

/**
 * A code of the {@link libraryCatalogue}, such as `setup.missing`.
 * @see {@link LibraryError}
 */
export type LibraryErrorCode = keyof typeof libraryCatalogue;
