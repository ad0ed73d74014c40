import { Node, type ParameterDeclaration, type PropertySignature } from "ts-morph";
import { type DocComment, parseDocComment } from "./doc-comment.ts";
import { commentText, isHidden, type PublicExport } from "./public-exports.ts";

// What the comments of public exports lack. Each function returns what is missing of one export, in words.

const UNIT =
  /\b(ms|milliseconds?|s|seconds?|minutes?|hours?|days?|bytes|KiB|MiB|number|count|how many|how often|times|at most)\b/i;
const UNIT_IN_NAME = /(Ms|Seconds|Minutes|Days|Bytes|_MS|_SECONDS|_BYTES)$/;
/** A count has no unit: its name says what is counted. */
const COUNT_IN_NAME = /^(limit|max|count|users|attempts|quantity|waiting|\w+Count)$/;

/** Parameters of a function that its comment leaves out. One that is taken apart goes by any name. */
export function parametersWithoutComment(each: PublicExport): string[] {
  const documentedNames = Object.keys(each.doc?.params ?? {}).map((name) => name.split(".")[0]);
  return parametersOf(each.node)
    .map((parameter) => parameter.getName())
    .filter((name) => (isTakenApart(name) ? documentedNames.length === 0 : !documentedNames.includes(name)));
}

/** What its comment says of parameters that it does not have. */
export function unknownParameters(each: PublicExport): string[] {
  const names = parametersOf(each.node).map((parameter) => parameter.getName());
  if (names.length === 0 || names.some(isTakenApart)) return [];
  return Object.keys(each.doc?.params ?? {}).filter((name) => !names.includes(name.split(".")[0] ?? ""));
}

/** Numbers whose unit neither their name nor a comment states. */
export function numbersWithoutUnit({ node, doc }: PublicExport): string[] {
  const ofFunction = parametersOf(node)
    .filter((each) => isNumber(each) && !UNIT.test(doc?.params[each.getName()] ?? ""))
    .map((each) => each.getName());
  return [...ofFunction, ...methodNumbers(node), ...propertyNumbers(node, doc)];
}

/** Functions and methods that throw by themselves and do not say so. */
export function errorsWithoutComment({ node, doc }: PublicExport): string[] {
  if (Node.isFunctionDeclaration(node)) return throwsItself(node) && doc?.throws.length === 0 ? ["@throws"] : [];
  if (!Node.isClassDeclaration(node)) return [];
  return [...node.getMethods(), ...node.getConstructors()]
    .filter((member) => !isHidden(member) && throwsItself(member) && commentOf(member).throws.length === 0)
    .map((member) => `${Node.isMethodDeclaration(member) ? member.getName() : "constructor"}: @throws`);
}

/** Whether an example of its own uses it, or that of an export that its comment names. */
export function isShown(each: PublicExport, exports: readonly PublicExport[]): boolean {
  if (each.doc?.examples.some((code) => uses(code, each.name))) return true;
  const named = exports.filter((other) => other !== each && each.doc?.see.includes(other.name));
  return named.some((other) => other.doc?.examples.some((code) => uses(code, each.name)));
}

// An import alone shows nothing.
const uses = (code: string, name: string) =>
  new RegExp(`\\b${name}\\b`).test(code.replace(/(?<!:)\/\/.*$/gm, "").replace(/^import [^;]*;/gm, ""));

const isTakenApart = (name: string) => name.startsWith("{");

function parametersOf(node: Node): ParameterDeclaration[] {
  const owner = Node.isVariableDeclaration(node) ? node.getInitializer() : node;
  return Node.isArrowFunction(owner) || Node.isFunctionDeclaration(owner) ? owner.getParameters() : [];
}

function methodNumbers(node: Node): string[] {
  const methods = Node.isClassDeclaration(node) || Node.isInterfaceDeclaration(node) ? node.getMethods() : [];
  return methods
    .filter((method) => !isHidden(method))
    .flatMap((method) =>
      method
        .getParameters()
        .filter(
          (each) => isNumber(each) && !namesUnit(each) && !UNIT.test(commentOf(method).params[each.getName()] ?? ""),
        )
        .map((each) => `${method.getName()}(${each.getName()})`),
    );
}

function propertyNumbers(node: Node, doc: DocComment | undefined): string[] {
  if (!Node.isInterfaceDeclaration(node) || /\bhow many\b|\bin numbers\b/i.test(doc?.description ?? "")) return [];
  return node
    .getProperties()
    .filter((each) => isNumber(each) && !namesUnit(each) && commentOf(each).description === "")
    .map((each) => each.getName());
}

function throwsItself(node: Node): boolean {
  let found = false;
  node.forEachDescendant((inner, traversal) => {
    if (Node.isThrowStatement(inner)) found = true;
    if (Node.isFunctionLikeDeclaration(inner) || Node.isArrowFunction(inner)) traversal.skip();
  });
  return found;
}

/** By its type, or by its default value. */
const isNumber = (node: ParameterDeclaration | PropertySignature) =>
  /^(number( \| undefined)?|[\d_.]+)$/.test(node.getTypeNode()?.getText() ?? node.getInitializer()?.getText() ?? "");

const namesUnit = (node: { getName(): string }) =>
  UNIT_IN_NAME.test(node.getName()) || COUNT_IN_NAME.test(node.getName());

const commentOf = (node: Node) => parseDocComment(commentText(node) ?? "/** */");
