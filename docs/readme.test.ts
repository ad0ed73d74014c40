import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import rootPackage from "../package.json";
import { curlLines } from "../tools/dev-stack/src/cli/screen.ts";

const root = join(import.meta.dir, "..");
const read = (name: string) => Bun.file(join(root, name)).text();
const written = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/failure-modes.md"];
const linked = [...written, "docs/packages.md", "docs/operations.md", "docs/errors.md", "docs/configuration.md"];

test("the README's lines to paste are those of the start screen", async () => {
  const readme = await read("README.md");
  const lines = readme.split("\n").filter((line) => line.startsWith("curl "));
  expect(lines).toEqual(curlLines("http://127.0.0.1:3000"));
});

test.each(["sibling-service", "own-flows"])("the README's example is the one that is compiled: %s", async (name) => {
  expect(await read("README.md")).toContain((await read(`docs/examples/${name}.ts`)).trim());
});

test("the README's two commands are scripts of the Bun that is pinned", async () => {
  const readme = await read("README.md");
  for (const script of ["start", "test"]) {
    expect(readme).toContain(`\nnpx --yes ${rootPackage.packageManager} run ${script}\n`);
    expect(rootPackage.scripts).toHaveProperty(script);
  }
  for (const [, script] of readme.matchAll(/`(?:PORT=3001 |ORDERS_PORT=3101 )?bun run ([\w:]+)/g)) {
    expect(rootPackage.scripts).toHaveProperty(script as string);
  }
});

test.each(linked)("every link of %s leads somewhere", async (page) => {
  for (const [, target = ""] of (await read(page)).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
    if (!/^https?:/.test(target)) expect([target, existsSync(join(root, page, "..", target))]).toEqual([target, true]);
  }
});

test.each(written)("every folder and file of the repository that %s names is there", async (page) => {
  const paths = (await read(page)).matchAll(/(?:`|^)((?:apps|libs|tools|prisma|test|docs|bench)\/[\w./-]+)/gm);
  for (const [, path = ""] of paths) expect([path, existsSync(join(root, path))]).toEqual([path, true]);
});
