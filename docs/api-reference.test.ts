import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { ExamplesFolder } from "./examples-folder.ts";
import { type PublicExport, publicExports } from "./reference/public-exports.ts";
import { referencedPackages } from "./reference/reference-index.ts";
import { referencePage } from "./reference/reference-page.ts";
import {
  errorsWithoutComment,
  isShown,
  numbersWithoutUnit,
  parametersWithoutComment,
  unknownParameters,
} from "./reference/undocumented.ts";

// Every public export says what it does, in which units, and shows its use; and what it shows compiles.

// The first use of a type makes the compiler read it.
setDefaultTimeout(60_000);

const examples = await ExamplesFolder.open("api-examples");
afterAll(() => examples.remove());

const exported = publicExports().exports.filter((each) => each.external === undefined);
const label = (each: PublicExport) => `${each.package} ${each.name}`;
const missing = (find: (each: PublicExport) => string[]) =>
  exported.flatMap((each) => find(each).map((what) => `${label(each)}: ${what}`));

test("all packages are counted", () => {
  expect(new Set(exported.map((each) => each.package)).size).toBe(8);
  expect(exported.length).toBeGreaterThan(500);
});

test("every public export has a description", () => {
  expect(exported.filter((each) => !each.doc?.description).map(label)).toEqual([]);
});

test("every parameter of a public function is described, and no other", () => {
  expect([...missing(parametersWithoutComment), ...missing(unknownParameters)]).toEqual([]);
});

test("every number states its unit: a parameter in its `@param`, a property in its name or its comment", () => {
  expect(missing(numbersWithoutUnit)).toEqual([]);
});

test("what throws says so", () => {
  expect(missing(errorsWithoutComment)).toEqual([]);
});

test("every public export has an example, or names the export whose example uses it", () => {
  expect(exported.filter((each) => !isShown(each, exported)).map(label)).toEqual([]);
});

test("every link of a page leads to a part of a page", () => {
  const pages = new Map(referencedPackages().map((name) => [`${name}.md`, referencePage(name)]));
  const anchors = [...pages].flatMap(([page, text]) => {
    const names = [...text.matchAll(/^### (\w+)$/gm)].map(([, name = ""]) => name.toLowerCase());
    // As GitHub numbers headings of one name.
    const numbers = names.map((name, index) => names.slice(0, index).filter((before) => before === name).length);
    return names.map((name, index) => `${page}#${name}${numbers[index] === 0 ? "" : `-${numbers[index]}`}`);
  });
  const links = [...pages.values()].flatMap((text) =>
    [...text.matchAll(/\]\(([\w-]+\.md#[\w-]+)\)/g)].map(([, link]) => link),
  );
  expect(links.length).toBeGreaterThan(1000);
  expect(links.filter((link) => !anchors.includes(link ?? ""))).toEqual([]);
});

test("the examples compile", async () => {
  for (const each of exported)
    for (const [index, code] of (each.doc?.examples ?? []).entries())
      await examples.add(`${each.package}-${each.name}-${index}`, `${code}\nexport {};\n`);
  expect(await examples.compile()).toEqual({ output: "", code: 0 });
});
