import { databaseUrlFault, describeConnectionFailure } from "@libs/postgres";
import { type CatalogueEntry, LibraryError, libraryCatalogue } from "@libs/problems";

/** Why a database could not be brought up to date; the message is for the operator and holds no credentials. */
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
    const reason = error instanceof Error ? error.message : String(error);
    return new MigrationError(`migration ${name} failed and was rolled back: ${reason} (${codeOf(error)})`);
  }
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "no code";
}
