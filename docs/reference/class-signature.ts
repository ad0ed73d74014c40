import { type ClassDeclaration, Node } from "ts-morph";
import { declarationHead } from "./declaration-head.ts";
import { commentText, isHidden } from "./public-exports.ts";

/** A class's public members, each with its comment. */
export function classSignature(node: ClassDeclaration): string {
  const members = node.getMembers().filter(isPublic).map(memberText);
  return `${title(node)} {\n${members.map((text) => `${indented(text)}\n`).join("")}}`;
}

function title(node: ClassDeclaration): string {
  const base = node.getExtends()?.getText();
  const ports = node.getImplements().map((each) => each.getText());
  const types = node.getTypeParameters().map((each) => each.getText());
  return [
    `class ${node.getName()}`,
    types.length === 0 ? "" : `<${types.join(", ")}>`,
    base === undefined ? "" : ` extends ${base}`,
    ports.length === 0 ? "" : ` implements ${ports.join(", ")}`,
  ].join("");
}

const isPublic = (member: Node) => !Node.isClassStaticBlockDeclaration(member) && !isHidden(member);

function memberText(member: Node): string {
  const comment = commentText(member);
  const text = Node.isPropertyDeclaration(member) ? member.getText() : declarationHead(member);
  const ending = text.endsWith(";") ? "" : ";";
  return [...(comment === undefined ? [] : [comment.replace(/\n\s*\*/g, "\n *")]), text + ending].join("\n");
}

// The first line of a member's text starts at its name; the others keep the file's indentation.
const indented = (text: string) =>
  text
    .split("\n")
    .map((line) => (line.startsWith("  ") ? line : `  ${line}`))
    .join("\n");
