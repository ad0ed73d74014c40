import { databaseUrlFault, describeConnectionFailure, sqlState } from "@libs/postgres";
import { type CatalogueEntry, LibraryError, libraryCatalogue } from "@libs/problems";

/** The first line of a file whose statements are committed one by one. */
export const NON_TRANSACTIONAL_MARK = "-- migrate: non-transactional";

/** Refused because it would be part of a transaction: CREATE INDEX CONCURRENTLY, VACUUM. */
const NOT_IN_TRANSACTION = "25001";

/**
 * Why a database could not be brought up to date; the message is for the operator and holds no credentials.
 * @see {@link migrate}
 */
export class MigrationError extends LibraryError {
  override readonly name = "MigrationError";
  readonly code = "database.migration_failed";

  get entry(): CatalogueEntry {
    return libraryCatalogue[this.code];
  }

  /** @param variable what gave the URL @throws MigrationError where nothing can be connected to by it */
  static assertUrl(url: string, variable?: string): void {
    const fault = databaseUrlFault(url, variable);
    if (fault) throw new MigrationError(fault);
  }

  /** @param url the one that was used: its password is not shown @param variable what gave it */
  static unreachable(error: unknown, url: string, variable?: string): MigrationError {
    return new MigrationError(describeConnectionFailure(error, url, variable));
  }

  static edited(name: string): MigrationError {
    return new MigrationError(
      `migration ${name} was edited after it was applied; restore its file and write a new migration instead`,
    );
  }

  static failedBefore(name: string): MigrationError {
    return new MigrationError(
      `migration ${name} failed before and left the database half done; repair it by hand, then mark it with ` +
        `"prisma migrate resolve --applied ${name}" or "--rolled-back ${name}"`,
    );
  }

  static failed(name: string, error: unknown): MigrationError {
    const advice = sqlState(error) === NOT_IN_TRANSACTION ? `; begin its file with "${NON_TRANSACTIONAL_MARK}"` : "";
    return new MigrationError(`migration ${name} failed and was rolled back: ${reasonOf(error)}${advice}`);
  }

  /** Of a migration whose statements are committed one by one. @param step its number, from 1 @param steps how many there are, a number */
  static stopped(name: string, step: number, steps: number, error: unknown): MigrationError {
    return new MigrationError(
      `migration ${name} stopped at step ${step} of ${steps}: ${reasonOf(error)}. Earlier steps are kept. Once the ` +
        "cause is gone, run the migration again: it resumes at this step",
    );
  }

  /** Nothing of the migration has begun. */
  static unusable(name: string, why: string): MigrationError {
    return new MigrationError(`migration ${name} can't be run: ${why}`);
  }
}

/** A statement did not get its locks, in the whole time that there is for it. */
export class LockWaitError extends Error {
  /** @param waitsFor what it waited for and who held that, where that is known */
  constructor(minutes: number, waitsFor: string | undefined) {
    super(`it did not get its locks within ${minutes} min${waitsFor ? ` (${waitsFor})` : ""}`);
  }
}

/** PostgreSQL's message names tables and constraints, no values: those are in its detail. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return error instanceof LockWaitError ? reason : `${reason} (${sqlState(error) ?? "no code"})`;
}
