// Folders depend on each other in one direction. The linter finds circles of files, not of folders.
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "..");
const transpiler = new Bun.Transpiler({ loader: "ts" });
const isCode = (file: string) => !/\.test\.ts$|\/testing\/|\/generated\//.test(file);

/** Imports of types, too: what a folder can't be read without is a dependency. */
function importsOf(text: string): string[] {
  const withTypes = text
    .replace(/^#!.*/, "")
    .replaceAll(' with { type: "macro" }', "")
    .replaceAll(/^(import|export) type (?=[{*])/gm, "$1 ")
    .replaceAll(/([{,]\s*)type (?=\w)/g, "$1");
  const exported = withTypes.replaceAll(/^import [^"]*? from "/gm, 'export * from "');
  return transpiler.scanImports(exported).map(({ path }) => path);
}

async function edges(): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for await (const file of new Bun.Glob("{libs,apps}/*/src/**/*.ts").scan({ cwd: root })) {
    if (!isCode(file)) continue;
    const from = dirname(file);
    for (const path of importsOf(await Bun.file(join(root, file)).text())) {
      const to = path.startsWith(".") ? dirname(join(from, path)) : from;
      if (to === from || to.includes("/generated")) continue;
      const known = found.get(from) ?? new Set();
      found.set(from, known.add(to));
    }
  }
  return found;
}

/** Folders that lead back to themselves, each with the way. */
function circlesIn(graph: Map<string, Set<string>>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (folder: string, way: string[]) => {
    const at = way.indexOf(folder);
    if (at >= 0) circles.push([...way.slice(at), folder].join(" → "));
    if (at >= 0 || done.has(folder)) return;
    for (const next of graph.get(folder) ?? []) visit(next, [...way, folder]);
    done.add(folder);
  };
  for (const folder of graph.keys()) visit(folder, []);
  return circles;
}

test("no circle between folders", async () => {
  const graph = await edges();
  expect(graph.size).toBeGreaterThan(40);
  expect(circlesIn(graph)).toEqual([]);
});

test("a circle would be found, one of types too", () => {
  expect(
    importsOf('import type { A } from "./a.ts";\nimport { b, type C } from "./b.ts";\nexport type * from "./c.ts";'),
  ).toEqual(["./a.ts", "./b.ts", "./c.ts"]);
  const graph = new Map([
    ["a", new Set(["b"])],
    ["b", new Set(["c"])],
    ["c", new Set(["a"])],
  ]);
  expect(circlesIn(graph)).toEqual(["a → b → c → a"]);
});
