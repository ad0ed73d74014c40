// Runs before the Prisma client exists: nothing but Bun and node built-ins may be imported here.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DEV_DIR, ROOT } from "../base/paths.ts";
import type { Report } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { withFileLock } from "../machine/file-lock.ts";
import { runCommand } from "../machine/run-command.ts";

const GENERATOR = join(ROOT, "libs/database/src/cli/generate.ts");
const INPUTS = ["prisma/schema.prisma", "libs/database/package.json", "libs/database/src/cli/generate.ts"];
/** Inside what is generated, so that it goes when that is removed. */
const STAMP = join(ROOT, "libs/database/src/generated/.stamp");

/** Generates the Prisma client, unless it was made from this very schema. */
export async function ensureGenerated(report: Report): Promise<void> {
  const wanted = inputHash();
  if (isCurrent(wanted)) return;
  const lock = join(DEV_DIR, "generate.lock");
  await withFileLock(
    lock,
    () => generate(wanted, report),
    () => {},
  );
}

async function generate(wanted: string, report: Report): Promise<void> {
  if (isCurrent(wanted)) return;
  report("Generating the database client …");
  const { code, output } = await runCommand([process.execPath, GENERATOR], { cwd: ROOT });
  if (code !== 0) throw new StackError(`Generating the database client failed:\n${output.trim()}`);
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, wanted);
}

const isCurrent = (wanted: string): boolean => existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted;

function inputHash(): string {
  const hash = createHash("sha256");
  for (const file of INPUTS) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest("hex");
}
