import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

// Every package says what it is, and its examples compile.

const root = join(import.meta.dir, "..");
const packages = readdirSync(join(root, "libs"));
await mkdir(join(root, ".dev"), { recursive: true });
const folder = await mkdtemp(join(root, ".dev", "readme-examples-"));
afterAll(() => rm(folder, { recursive: true }));

test.each(packages)("libs/%s has a README with an example", async (name) => {
  const page = join(root, "libs", name, "README.md");
  expect(existsSync(page)).toBe(true);
  const text = await Bun.file(page).text();
  expect(text).toStartWith(`# @libs/${name}\n`);
  const examples = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code as string);
  expect(examples.length).toBeGreaterThan(0);
  for (const [index, code] of examples.entries()) await Bun.write(join(folder, `${name}-${index}.ts`), code);
  for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g))
    if (!/^https?:/.test(target)) expect([target, existsSync(join(page, "..", target))]).toEqual([target, true]);
});

test("the examples compile", async () => {
  const config = { extends: "../../tsconfig.json", include: ["./*.ts", "../../libs/**/*.d.ts"], exclude: [] };
  await Bun.write(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = Bun.spawn([process.execPath, "x", "tsc", "--noEmit", "-p", folder], { cwd: root, stdout: "pipe" });
  expect(await tsc.stdout.text()).toBe("");
  expect(await tsc.exited).toBe(0);
}, 60_000);
