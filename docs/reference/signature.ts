import { type ArrowFunction, Node, type VariableDeclaration } from "ts-morph";
import { classSignature } from "./class-signature.ts";
import { declarationHead } from "./declaration-head.ts";
import type { PublicExport } from "./public-exports.ts";

/** Lines of a constant that are shown. The rest is its value, such as a catalogue's entries. */
const MAX_LINES = 40;
const SHOWN_LINES = 10;

/** An export's declaration as a reader needs it: without bodies, without what is private. */
export function signature({ node }: PublicExport): string {
  if (Node.isClassDeclaration(node)) return classSignature(node);
  return Node.isVariableDeclaration(node) ? constant(node) : declarationHead(node);
}

function constant(node: VariableDeclaration): string {
  const value = node.getInitializer();
  if (Node.isArrowFunction(value)) return `const ${node.getName()}${typeOf(node)} = ${arrow(value)} => …`;
  return shortened(`const ${node.getText()}`);
}

const typeOf = (node: VariableDeclaration) => {
  const type = node.getTypeNode();
  return type === undefined ? "" : `: ${type.getText()}`;
};

/** What is before the last arrow: a function that makes a function shows both. */
function arrow(node: ArrowFunction): string {
  const head = node
    .getText()
    .slice(0, node.getEqualsGreaterThan().getStart() - node.getStart())
    .trim();
  const body = node.getBody();
  return Node.isArrowFunction(body) ? `${head} => ${arrow(body)}` : head;
}

function shortened(text: string): string {
  const lines = text.split("\n");
  return lines.length <= MAX_LINES ? text : [...lines.slice(0, SHOWN_LINES), "  // …", lines.at(-1)].join("\n");
}
