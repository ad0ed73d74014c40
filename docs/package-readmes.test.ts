import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ExamplesFolder } from "./examples-folder.ts";

// Every package says what it is, and its examples compile.

const root = join(import.meta.dir, "..");
const packages = readdirSync(join(root, "libs"));
const folder = await ExamplesFolder.open("readme-examples");
afterAll(() => folder.remove());

test.each(packages)("libs/%s has a README with an example", async (name) => {
  const page = join(root, "libs", name, "README.md");
  expect(existsSync(page)).toBe(true);
  const text = await Bun.file(page).text();
  expect(text).toStartWith(`# @libs/${name}\n`);
  const examples = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code as string);
  expect(examples.length).toBeGreaterThan(0);
  for (const [index, code] of examples.entries()) await folder.add(`${name}-${index}`, code);
  for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g))
    if (!/^https?:/.test(target)) expect([target, existsSync(join(page, "..", target))]).toEqual([target, true]);
});

test("the examples compile", async () => {
  expect(await folder.compile()).toEqual({ output: "", code: 0 });
}, 60_000);
