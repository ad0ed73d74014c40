import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../base/paths.ts";
import { type Report, withHeartbeat } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { withFileLock } from "../machine/file-lock.ts";
import { runCommand } from "../machine/run-command.ts";

/**
 * A package of npm's in the user's cache, installed there once: for what few need, so that it is nobody's dependency.
 * @param version exact
 * @returns the package's folder
 * @throws StackError if it can't be installed
 */
export async function fetchedPackage(name: string, version: string, report: Report): Promise<string> {
  const folder = join(cacheDir(), `${name.replace(/^@/, "").replaceAll("/", "-")}-${version}`);
  const inside = join(folder, "node_modules", name);
  if (existsSync(folder)) return inside;
  const waiting = (pid: number) => report(`${name} ${version}: waiting for process ${pid}, which is installing it.`);
  await withFileLock(`${folder}.lock`, () => install({ name, version, folder, report }), waiting);
  return inside;
}

async function install(options: { name: string; version: string; folder: string; report: Report }): Promise<void> {
  const { name, version, folder, report } = options;
  if (existsSync(folder)) return;
  const draft = `${folder}.preparing.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    writeFileSync(join(draft, "package.json"), JSON.stringify({ private: true, dependencies: { [name]: version } }));
    // Bun is what runs this, and knows the machine's registry; no lifecycle script of the package runs.
    const command = [process.execPath, "install", "--no-save", "--linker=hoisted"];
    const { code, output } = await withHeartbeat(report, `${name} ${version}: installing`, () =>
      runCommand(command, { cwd: draft }),
    );
    if (code !== 0 || !existsSync(join(draft, "node_modules", name))) {
      throw new StackError(`Cannot install ${name} ${version}:\n${output.trim().split("\n").slice(-15).join("\n")}`);
    }
    // Only a complete folder ever gets the final name.
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
