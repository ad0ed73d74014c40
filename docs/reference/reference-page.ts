import { generatedNote } from "../pages/table.ts";
import { type DocComment, parseDocComment } from "./doc-comment.ts";
import { type Entry, type PublicExport, publicExports } from "./public-exports.ts";
import { signature } from "./signature.ts";

/** Names of the packages that have a page. */
export const referencedPackages = (): string[] => [...new Set(publicExports().entries.map((each) => each.package))];

/** `docs/api/<package>.md`, from the doc comments of what the package exports. */
export function referencePage(name: string): string {
  const { entries, exports } = publicExports();
  const parts = entries.filter((each) => each.package === name).map((entry) => entryPart(entry, exports));
  return `# @libs/${name}: API reference

${generatedNote(`the doc comments in libs/${name}/src`)}

The package's [README](../../libs/${name}/README.md) says what it is for.

${parts.join("\n\n")}
`;
}

function entryPart({ package: name, specifier, file }: Entry, exports: PublicExport[]): string {
  const reached = exports.filter((each) => each.from.includes(specifier));
  const own = reached.filter((each) => each.package === name && each.from[0] === specifier && !each.external);
  const others = reached.filter((each) => !own.includes(each)).map(otherLine);
  const about = /^\s*(\/\*\*[\s\S]*?\*\/)\s*\n(?:\s*\n|import |export )/.exec(file.getFullText())?.[1];
  const isModuleComment = about !== undefined && !own.some((each) => each.doc?.description === descriptionOf(about));
  return [
    `## ${specifier}`,
    ...(isModuleComment ? [descriptionOf(about)] : []),
    ...own.sort((a, b) => a.name.localeCompare(b.name, "en")).map(exportPart),
    ...(others.length > 0 ? [`Also exported: ${others.sort().join(", ")}.`] : []),
  ].join("\n\n");
}

const descriptionOf = (comment: string) => parseDocComment(comment).description;

const anchorOf = (name: string) => name.toLowerCase();

function otherLine({ name, package: home, external }: PublicExport): string {
  return external === undefined ? `[\`${name}\`](${home}.md#${anchorOf(name)})` : `\`${name}\` (of ${external})`;
}

function exportPart(each: PublicExport): string {
  const { doc } = each;
  // Another package's page lists what it passes on.
  const also = each.from.slice(1).filter((from) => from.startsWith(`@libs/${each.package}/`));
  return [
    `### ${each.name}`,
    ...(doc?.description ? [linked(doc.description)] : []),
    fenced(signature(each)),
    ...(doc ? details(doc) : []),
    ...(also.length > 0 ? [`Also from ${also.map((from) => `\`${from}\``).join(", ")}.`] : []),
  ].join("\n\n");
}

function details({ params, returns, throws, examples, see, sources }: DocComment): string[] {
  const list = [
    ...Object.entries(params).map(([name, text]) => `- \`${name}\`: ${oneLine(text)}`),
    ...(returns === undefined ? [] : [`- Returns: ${oneLine(returns)}`]),
    ...throws.map((text) => `- Throws: ${oneLine(text)}`),
    ...sources.map((text) => `- Source: ${oneLine(text)}`),
  ];
  return [
    ...(list.length > 0 ? [list.join("\n")] : []),
    ...examples.map(fenced),
    ...see.map((name) => `Example: ${linked(`{@link ${name}}`)}.`),
  ];
}

const oneLine = (text: string) => linked(text.replace(/\s*\n\s*/g, " "));
const fenced = (code: string) => `\`\`\`ts\n${code}\n\`\`\``;

function linked(text: string): string {
  const pages = text.replace(
    /\{@link (https?:\/\/\S+?)(?: ([^}]+))?\}/g,
    (_, url, title) => `[${title ?? url}](${url})`,
  );
  return pages.replace(/\{@link (\w+)\}/g, (_, name: string) => {
    const target = publicExports().exports.find((each) => each.name === name);
    return target ? `[\`${name}\`](${target.package}.md#${anchorOf(name)})` : `\`${name}\``;
  });
}
