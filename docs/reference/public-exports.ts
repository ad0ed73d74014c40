import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ExportedDeclarations, Node, Project, type SourceFile } from "ts-morph";
import { type DocComment, parseDocComment } from "./doc-comment.ts";

const root = join(import.meta.dir, "../..");

/** One name that a package exports. */
export interface PublicExport {
  name: string;
  /** Of the package that it is declared in, such as `auth-guard`. */
  package: string;
  /** What to import it from; a name that several exports reach has its own package's first. */
  from: string[];
  node: ExportedDeclarations;
  /** Missing where there is no comment. */
  doc?: DocComment;
  /** What another package declares, such as prom-client, or Prisma generates. It is documented there. */
  external?: string;
}

/** What a package's `exports` name: `@libs/auth-guard/keycloak` and the file behind it. */
export interface Entry {
  package: string;
  specifier: string;
  file: SourceFile;
}

// In-memory doubles are for this repository's own tests. The test kit of the guard is for everyone.
const isPublic = (name: string, path: string) => path !== "./testing" || name === "auth-guard";

let cache: { entries: Entry[]; exports: PublicExport[] } | undefined;

/** Every package's entries and exports, in the order of the packages' `exports`. Read once a process. */
export function publicExports(): { entries: Entry[]; exports: PublicExport[] } {
  if (cache) return cache;
  const entries = readEntries();
  const found = new Map<Node, PublicExport>();
  for (const { package: exporter, specifier, file } of entries)
    for (const [name, [node]] of file.getExportedDeclarations()) {
      if (node === undefined) continue;
      const known = found.get(node);
      if (known) known.from.push(specifier);
      else found.set(node, describe(name, node, exporter, specifier));
    }
  const exports = [...found.values()];
  for (const each of exports) each.from.sort((a, b) => rank(each, a) - rank(each, b));
  cache = { entries, exports };
  return cache;
}

function readEntries(): Entry[] {
  const project = new Project({ tsConfigFilePath: join(root, "tsconfig.json"), skipAddingFilesFromTsConfig: true });
  const names = readdirSync(join(root, "libs")).sort();
  return names.flatMap((name) => {
    const folder = join(root, "libs", name);
    const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return Object.entries(exports as Record<string, string>)
      .filter(([path]) => isPublic(name, path))
      .map(([path, file]) => ({
        package: name,
        specifier: `@libs/${name}${path.slice(1)}`,
        file: project.addSourceFileAtPath(join(folder, file)),
      }));
  });
}

function describe(name: string, node: ExportedDeclarations, exporter: string, specifier: string): PublicExport {
  const path = node.getSourceFile().getFilePath();
  const home = /\/libs\/([^/]+)\/src\/(?!generated\/)/.exec(path)?.[1];
  const comment = commentText(node);
  return {
    name,
    package: home ?? exporter,
    from: [specifier],
    node,
    ...(comment === undefined ? {} : { doc: parseDocComment(comment) }),
    ...(home === undefined ? { external: libraryOf(path) } : {}),
  };
}

function libraryOf(path: string): string {
  const inside = path.split("/node_modules/").at(-1) ?? "";
  return path.includes("/node_modules/") ? (/^(?:@[^/]+\/)?[^/]+/.exec(inside)?.[0] ?? inside) : "Prisma";
}

/** The text of its doc comment, with the signs around it. */
export const commentText = (node: Node): string | undefined => documented(node)?.getJsDocs().at(-1)?.getText();

/** Whether a class keeps the member to itself. */
export const isHidden = (member: Node): boolean =>
  (Node.hasName(member) && member.getName().startsWith("#")) ||
  (Node.isModifierable(member) && (member.hasModifier("private") || member.hasModifier("protected")));

/** The comment of a constant belongs to its statement. */
export function documented(node: Node) {
  const owner = Node.isVariableDeclaration(node) ? node.getVariableStatement() : node;
  return Node.isJSDocable(owner) ? owner : undefined;
}

const rank = (each: PublicExport, specifier: string) =>
  specifier === `@libs/${each.package}` ? 0 : specifier.startsWith(`@libs/${each.package}/`) ? 1 : 2;
