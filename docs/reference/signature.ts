import { type ClassDeclaration, Node } from "ts-morph";
import type { PublicExport } from "./public-exports.ts";

/** Of a constant: the rest is its value, such as a catalogue's entries. */
const MAX_LINES = 40;

/** An export's declaration as a reader needs it: without bodies, without what is private. */
export function signature({ node, name }: PublicExport): string {
  if (Node.isClassDeclaration(node)) return classSignature(node);
  if (Node.isFunctionDeclaration(node)) {
    const overloads = node.getOverloads();
    return (overloads.length > 0 ? overloads : [node]).map(head).join("\n");
  }
  if (Node.isVariableDeclaration(node)) return shortened(`const ${constant(node.getText(), name)}`);
  return head(node);
}

/** A function that is a constant: what follows its arrow is no part of it. */
function constant(text: string, name: string): string {
  const arrow = /^(\w+ = (?:async )?(?:<[\s\S]*?>)?\([\s\S]*?\)(?:: [^\n]*?)?) =>/.exec(text)?.[1];
  return text.startsWith(name) && arrow !== undefined ? `${arrow} => …` : text;
}

const head = (node: Node): string => {
  const body = Node.isBodied(node) || Node.isBodyable(node) ? node.getBody() : undefined;
  const text = body ? node.getText().slice(0, body.getStart() - node.getStart()) : node.getText();
  return text
    .replace(/^export /, "")
    .replace(/^(public )?async /, "")
    .replace(/\basync function/, "function")
    .trim();
};

function classSignature(node: ClassDeclaration): string {
  const heritage = [node.getExtends(), ...node.getImplements()].map((each) => each?.getText());
  const [base, ...ports] = heritage;
  const title = [
    `class ${node.getName()}${typeParameters(node)}`,
    base === undefined ? "" : ` extends ${base}`,
    ports.length === 0 ? "" : ` implements ${ports.join(", ")}`,
  ].join("");
  const members = node
    .getMembers()
    .filter((member) => !isHidden(member))
    .map((member) => [...comments(member), memberHead(member)].join("\n"));
  return `${title} {\n${members.map((text) => indent(text)).join("\n")}${members.length > 0 ? "\n" : ""}}`;
}

const typeParameters = (node: ClassDeclaration) => {
  const names = node.getTypeParameters().map((each) => each.getText());
  return names.length === 0 ? "" : `<${names.join(", ")}>`;
};

function isHidden(member: Node): boolean {
  if (Node.isClassStaticBlockDeclaration(member)) return true;
  if (Node.hasName(member) && member.getName().startsWith("#")) return true;
  return (
    Node.isModifierable(member) &&
    /\b(private|protected)\b/.test(
      member
        .getModifiers()
        .map((m) => m.getText())
        .join(" "),
    )
  );
}

function memberHead(member: Node): string {
  if (Node.isPropertyDeclaration(member)) {
    const arrow = constant(member.getText().replace(/^((?:static |readonly |override )*)/, ""), member.getName());
    const modifiers = /^((?:static |readonly |override )*)/.exec(member.getText())?.[1] ?? "";
    const type = member.getTypeNode()?.getText();
    return type === undefined ? shortened(`${modifiers}${arrow}`, 4) : `${modifiers}${member.getName()}: ${type};`;
  }
  return `${head(member)};`;
}

/** The first sentence of a member's own comment. */
function comments(member: Node): string[] {
  const text = Node.isJSDocable(member) ? member.getJsDocs().at(-1)?.getText() : undefined;
  return text === undefined ? [] : [text.replace(/\n\s*\*/g, "\n *")];
}

// The first line of a member's text starts at its name; the others keep the file's indentation.
const indent = (text: string) =>
  text
    .split("\n")
    .map((line) => (line.startsWith("  ") ? line : `  ${line}`))
    .join("\n");

function shortened(text: string, max = MAX_LINES): string {
  const lines = text.split("\n");
  return lines.length <= max ? text : [...lines.slice(0, Math.min(max, 10)), "  // …", lines.at(-1)].join("\n");
}
