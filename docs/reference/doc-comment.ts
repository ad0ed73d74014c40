/** What a doc comment says, by tag. */
export interface DocComment {
  description: string;
  params: Record<string, string>;
  returns?: string;
  throws: string[];
  /** TypeScript without its fence. */
  examples: string[];
  /** Names of the exports whose example shows this one, too. */
  see: string[];
  /** Standards and documentation that it follows, as `@see` names them. */
  sources: string[];
}

const LINKED_NAME = /\{@link (\w+)\}/;

/**
 * Read from the text, not from the compiler's tags: an example may hold lines that begin like tags.
 * @param text the comment with its delimiters
 */
export function parseDocComment(text: string): DocComment {
  const doc: DocComment = { description: "", params: {}, throws: [], examples: [], see: [], sources: [] };
  for (const { tag, body } of sections(text)) {
    if (tag === "") doc.description = body;
    if (tag === "returns") doc.returns = body;
    if (tag === "throws") doc.throws.push(body);
    if (tag === "example") doc.examples.push(body.replace(/^```ts\n/, "").replace(/\n?```$/, ""));
    const linkedName = LINKED_NAME.exec(body)?.[1];
    if (tag === "see" && linkedName !== undefined) doc.see.push(linkedName);
    if (tag === "see" && linkedName === undefined) doc.sources.push(body);
    const [, name, rest] = /^([\w.]+)\s+(?:- )?([\s\S]*)$/.exec(body) ?? [];
    if (tag === "param" && name !== undefined) doc.params[name] = rest ?? "";
  }
  return doc;
}

function sections(text: string): { tag: string; body: string }[] {
  const lines = text
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  const found = [{ tag: "", lines: [] as string[] }];
  let fenced = false;
  for (const line of lines) {
    // A tag may also follow a sentence on its line.
    for (const part of fenced ? [line] : line.split(/(?<=^|\s)(?=@(?:param|returns|throws|see|example)\b)/)) {
      const [, tag, rest] = (!fenced && /^\s*@(\w+)\s*(.*)$/.exec(part)) || [];
      if (tag !== undefined) found.push({ tag, lines: rest ? [rest.trimEnd()] : [] });
      else found.at(-1)?.lines.push(part.trimEnd());
    }
    if (line.trimStart().startsWith("```")) fenced = !fenced;
  }
  return found.map((section) => ({ tag: section.tag, body: section.lines.join("\n").trim() }));
}
