import { generatedNote } from "../pages/table.ts";
import { type DocComment, parseDocComment } from "./doc-comment.ts";
import { linkTo, withLinks } from "./links.ts";
import { describedExports } from "./page-order.ts";
import { type Entry, type PublicExport, publicExports } from "./public-exports.ts";
import { signature } from "./signature.ts";

/** `docs/api/<package>.md`, from the doc comments of what the package exports. */
export function referencePage(name: string): string {
  const { entries, exports } = publicExports();
  const parts = entries.filter((each) => each.package === name).map((entry) => entryPart(entry, exports));
  return `# @libs/${name}: API reference

${generatedNote(`the doc comments in libs/${name}/src`)}

The package's [README](../../libs/${name}/README.md) says what it is for. [Other packages](README.md)

${parts.join("\n\n")}
`;
}

function entryPart(entry: Entry, exports: PublicExport[]): string {
  const { specifier, file } = entry;
  const own = describedExports(entry);
  const reached = exports.filter((each) => each.from.includes(specifier));
  const others = reached.filter((each) => !own.includes(each)).map(otherExport);
  const about = moduleComment(file.getFullText(), own);
  return [
    `## ${specifier}`,
    ...(about === undefined ? [] : [about]),
    ...(own.length > 1 ? [own.map((each) => linkTo(each)).join(" · ")] : []),
    ...(others.length > 0 ? [`Also exported: ${others.sort().join(" · ")}`] : []),
    ...own.map(exportPart),
  ].join("\n\n");
}

/** The comment at the top of an index. A file that is no index may begin with the comment of an export. */
function moduleComment(text: string, own: PublicExport[]): string | undefined {
  const comment = /^\s*(\/\*\*[\s\S]*?\*\/)\s*\n(?:\s*\n|import |export )/.exec(text)?.[1];
  const description = comment && parseDocComment(comment).description;
  return own.some((each) => each.doc?.description === description) ? undefined : description;
}

const otherExport = (each: PublicExport) =>
  each.external === undefined ? linkTo(each) : `\`${each.name}\` (of ${each.external})`;

function exportPart(each: PublicExport): string {
  const { doc } = each;
  // Another package's page lists what it passes on.
  const also = each.from.slice(1).filter((from) => from.startsWith(`@libs/${each.package}/`));
  return [
    `### ${each.name}`,
    ...(doc?.description ? [withLinks(doc.description, each.package)] : []),
    fenced(signature(each)),
    ...(doc ? details(doc, each.package) : []),
    ...(also.length > 0 ? [`Also from ${also.map((from) => `\`${from}\``).join(", ")}.`] : []),
  ].join("\n\n");
}

function details({ params, returns, throws, sources, examples, see }: DocComment, home: string): string[] {
  const line = (text: string) => withLinks(text.replace(/\s*\n\s*/g, " "), home);
  const list = [
    ...Object.entries(params).map(([name, text]) => `- \`${name}\`: ${line(text)}`),
    ...(returns === undefined ? [] : [`- Returns: ${line(returns)}`]),
    ...throws.map((text) => `- Throws: ${line(text)}`),
    ...sources.map((text) => `- Source: ${line(text)}`),
  ];
  return [
    ...(list.length > 0 ? [list.join("\n")] : []),
    ...examples.map((code) => `Example:\n\n${fenced(code)}`),
    ...see.map((name) => `Example: ${withLinks(`{@link ${name}}`, home)}`),
  ];
}

const fenced = (code: string) => `\`\`\`ts\n${code}\n\`\`\``;
