import { type FunctionDeclaration, type MethodDeclaration, Node } from "ts-morph";

/** A longer one, such as that of a service's routes, says less than the function's name. */
const LONGEST_TYPE = 100;

/** The text of a function, a member or a type without its body, and with the type that it returns. */
export function declarationHead(node: Node): string {
  const body = Node.isBodied(node) || Node.isBodyable(node) ? node.getBody() : undefined;
  const text = body ? node.getText().slice(0, body.getStart() - node.getStart()) : node.getText();
  const head = text
    .replace(/^export /, "")
    .replace(/\b(public|async) /g, (word, _, offset: number) => (offset < "override public async ".length ? "" : word))
    .trim();
  return Node.isFunctionDeclaration(node) || Node.isMethodDeclaration(node) ? head + inferredType(node) : head;
}

function inferredType(node: FunctionDeclaration | MethodDeclaration): string {
  if (node.getReturnTypeNode()) return "";
  const type = node.getReturnType().getText(node);
  return type.length > LONGEST_TYPE || type.includes("import(") ? "" : `: ${type}`;
}
