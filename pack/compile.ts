import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SourcePackage } from "./source-package.ts";

/**
 * Compiles what the packages export, and what that imports, file by file: JavaScript, declarations and source maps.
 * @param folder where `<package>/src/**` is written
 * @throws Error with the compiler's output
 */
export async function compile(root: string, packages: readonly SourcePackage[], folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "tsconfig.json");
  const entries = packages.flatMap((one) => Object.values(one.manifest.exports).map((file) => join(one.folder, file)));
  const files = [...entries, join(root, "libs/http/src/swagger-ui-files.d.ts")];
  const compilerOptions = {
    noEmit: false,
    rootDir: join(root, "libs"),
    outDir: folder,
    target: "ES2024",
    declaration: true,
    sourceMap: true,
    inlineSources: true,
    rewriteRelativeImportExtensions: true,
    // Found by way of node_modules, a package counts as external, and at times only a part of it is written.
    paths: Object.fromEntries(packages.flatMap(pathsOf)),
    typeRoots: [join(root, "node_modules", "@types")],
  };
  const extended = join(root, "tsconfig.json");
  writeFileSync(config, JSON.stringify({ extends: extended, compilerOptions, files, include: [] }));
  const tsc = Bun.spawn([process.execPath, "x", "--no-install", "tsc", "-p", config], {
    cwd: root,
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await tsc.stdout.text();
  if ((await tsc.exited) !== 0) throw new Error(`tsc:\n${output}`);
}

/** `@libs/postgres/schema-check` and the source of it. */
const pathsOf = (one: SourcePackage): [string, string[]][] =>
  Object.entries(one.manifest.exports).map(([path, file]) => [
    one.manifest.name + path.slice(1),
    [join(one.folder, file)],
  ]);
