// Runs before anything is installed: nothing but Bun and node built-ins may be imported here.
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../base/paths.ts";
import { type Report, withHeartbeat } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { runCommand } from "../machine/run-command.ts";

const STAMP = join(ROOT, "node_modules/.dev-stack-installed");

/** Installs the dependencies that the lock file names, unless that was done for this very lock file. */
export async function ensureInstalled(report: Report): Promise<void> {
  const wanted = installHash();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  const install = () => runCommand([process.execPath, "install", "--frozen-lockfile"], { cwd: ROOT });
  const { code, output } = await withHeartbeat(report, "Installing dependencies", install);
  if (code !== 0) throw new StackError(`bun install failed:\n${output.trim()}`);
  writeFileSync(STAMP, wanted);
}

/** Changes when the lock file or any package's declaration changes. */
function installHash(): string {
  const hash = createHash("sha256");
  const files = ["bun.lockb", "package.json", ...globSync("{apps,libs,tools}/*/package.json", { cwd: ROOT }).sort()];
  for (const file of files) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest("hex");
}
