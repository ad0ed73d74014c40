import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expandMacros } from "./expand-macros.ts";
import { inScope, packedManifest } from "./packed-manifest.ts";
import type { SourcePackage } from "./source-package.ts";

/** Where things are, and under which scope the packages go out. */
export interface Staging {
  /** Of the repository. */
  root: string;
  /** What `compile` wrote. */
  compiled: string;
  /** The folder of the staged package; written to. */
  to: string;
  scope: string;
}

/** Lays out one package as it is in its tarball. */
export async function stagePackage(source: SourcePackage, { root, compiled, to, scope }: Staging): Promise<void> {
  const from = join(compiled, source.name, "src");
  await expandMacros(join(source.folder, "src"), from);
  for (const path of readdirSync(from, { recursive: true, encoding: "utf8" })) {
    if (!/\.(js|d\.ts|map)$/.test(path)) continue;
    // Prisma's client has no source that anybody would read.
    if (path.startsWith("generated/") && path.endsWith(".map")) continue;
    const text = inScope(readFileSync(join(from, path), "utf8"), scope);
    write(join(to, "dist", path), path.endsWith(".map") ? withSource(text, path) : withBuiltImports(text, path));
  }
  const readme = readFileSync(join(source.folder, "README.md"), "utf8");
  write(join(to, "README.md"), inScope(withoutRepositoryLinks(readme), scope));
  write(join(to, "package.json"), JSON.stringify(packedManifest(source, scope, firstSentence(readme)), null, 2));
  cpSync(join(root, "LICENSE"), join(to, "LICENSE"));
  if (source.name === "database") cpSync(join(root, "prisma"), join(to, "prisma"), { recursive: true });
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text.trimEnd()}\n`);
}

/** The compiler does this in JavaScript alone: in declarations, `./x.ts` would have to be there. */
const withBuiltImports = (text: string, path: string): string =>
  path.endsWith(".d.ts") ? text.replaceAll(/((?:from|import|import\() ?"\.[^"\n]*)\.ts"/g, '$1.js"') : text;

/** The map holds its source; this is only the name that a stack trace shows. */
function withSource(text: string, path: string): string {
  const source = join("src", path.replace(/\.js\.map$/, ".ts"));
  return JSON.stringify({
    ...JSON.parse(text),
    sourceRoot: "",
    sources: [relative(dirname(join("dist", path)), source)],
  });
}

/** Links within the repository lead nowhere from a package. */
const withoutRepositoryLinks = (text: string): string => text.replaceAll(/\[([^\]]+)\]\(\.\.\/[^)]*\)/g, "$1");

/** Of what follows the title. */
function firstSentence(readme: string): string {
  const [, paragraph = ""] = /^# [^\n]*\n\n(.+?)\n\n/s.exec(readme) ?? [];
  const text = paragraph.replaceAll("\n", " ").replaceAll("`", "");
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}
