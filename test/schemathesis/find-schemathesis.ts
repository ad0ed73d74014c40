import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../../tools/dev-stack/src/base/paths.ts";

const requirements = join(import.meta.dir, "requirements.txt");

/**
 * Schemathesis in the versions of `requirements.txt`, in a virtual environment of its own in the cache folder: made
 * once, and anew when that file changes. Needs Python 3.10 or newer with `venv`.
 * @returns path of its command
 */
export async function findSchemathesis(): Promise<string> {
  const version = createHash("sha256")
    .update(await Bun.file(requirements).text())
    .digest("hex")
    .slice(0, 10);
  const folder = join(cacheDir(), `schemathesis-${version}`);
  const command = join(folder, "bin", "schemathesis");
  const ready = join(folder, "ready");
  if (await Bun.file(ready).exists()) return command;
  const python = Bun.which("python3");
  if (!python) throw new Error("schemathesis needs Python 3.10 or newer: no python3 in PATH.");
  console.log("schemathesis is being installed, once …");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cacheDir(), { recursive: true });
  await execute([python, "-m", "venv", folder]);
  await execute([join(folder, "bin", "pip"), "install", "--quiet", "--no-deps", "--requirement", requirements]);
  // A folder without this file is a broken-off attempt.
  await Bun.write(`${ready}.tmp`, "");
  renameSync(`${ready}.tmp`, ready);
  return command;
}

async function execute(command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stdout: "inherit", stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error(`${command.slice(0, 3).join(" ")} … failed: see above.`);
}
