import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const installed = resolve(here, "../prisma");

/** The folder `prisma`: schema and migrations. It is inside the package where that is installed, else the repository's. */
export const PRISMA_DIR = existsSync(installed) ? installed : resolve(here, "../../../prisma");

/**
 * Folder of the project's own migrations.
 * @see {@link readMigrations}
 */
export const MIGRATIONS_DIR = resolve(PRISMA_DIR, "migrations");
