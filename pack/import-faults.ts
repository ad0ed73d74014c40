import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";

const IMPORT = /(?:^|\s)(?:from|import) ?"([^"]+)"|import\("([^"]+)"\)/gm;

/**
 * Imports of a staged package that would fail where it is installed: of a package that its `package.json` does not name, or
 * of a file that is not there. In its code and its declarations.
 */
export function importFaults(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  const found = new Set<string>();
  for (const path of readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" })) {
    if (!/\.(js|d\.ts)$/.test(path)) continue;
    const file = join(folder, "dist", path);
    const code = readFileSync(file, "utf8").replaceAll(/^\s*(\*|\/\/).*$/gm, "");
    for (const [, fixed = "", dynamic = ""] of code.matchAll(IMPORT)) {
      const specifier = fixed || dynamic;
      const name = packageOf(specifier);
      if (specifier.startsWith(".")) {
        const target = path.endsWith(".d.ts") ? specifier.replace(/\.js$/, ".d.ts") : specifier;
        if (!existsSync(join(dirname(file), target))) found.add(`${path} imports ${specifier}, which is not there`);
      } else if (!(name in declared || name === manifest.name || isBuiltin(name) || /^bun(:|$)/.test(name)))
        found.add(`${path} imports ${name}, which is not declared`);
      else if (name === "pg" && path.endsWith(".d.ts") && !("@types/pg" in declared))
        found.add(`${path} imports ${name}, whose types are not declared`);
    }
  }
  for (const target of exportTargets(manifest.exports))
    if (!existsSync(join(folder, target))) found.add(`exports ${target}, which is not there`);
  return [...found];
}

const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

const exportTargets = (exports: Record<string, string | Record<string, string>>): string[] =>
  Object.values(exports).flatMap((entry) => (typeof entry === "string" ? entry : Object.values(entry)));
