// `bun run docs` writes the pages that are made from code; `--check` only compares, and fails where one is out of date.
import { join } from "node:path";
import { compatibilityPage } from "./pages/compatibility-page.ts";
import { configurationPage } from "./pages/configuration-page.ts";
import { errorsPage } from "./pages/errors-page.ts";
import { findingsPage } from "./pages/findings-page.ts";
import { referencedPackages, referenceIndex } from "./reference/reference-index.ts";
import { referencePage } from "./reference/reference-page.ts";

export const pages: Record<string, () => string> = {
  "errors.md": errorsPage,
  "compatibility.md": compatibilityPage,
  "configuration.md": configurationPage,
  "findings.md": findingsPage,
  "api/README.md": referenceIndex,
  ...Object.fromEntries(referencedPackages().map((name) => [`api/${name}.md`, () => referencePage(name)])),
};

/** @returns names of the pages that differ from what the code says now */
export async function outdatedPages(): Promise<string[]> {
  const checked = await Promise.all(
    Object.entries(pages).map(async ([name, page]) => {
      const file = Bun.file(join(import.meta.dir, name));
      return (await file.exists()) && (await file.text()) === page() ? [] : [name];
    }),
  );
  return checked.flat();
}

/** Writes those pages. @returns their names */
export async function writePages(): Promise<string[]> {
  const outdated = await outdatedPages();
  for (const name of outdated) await Bun.write(join(import.meta.dir, name), pages[name]?.() ?? "");
  return outdated;
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const outdated = await outdatedPages();
    for (const name of outdated) console.error(`docs/${name} is out of date: run \`bun run docs\`.`);
    if (outdated.length === 0) console.log("The generated pages say what the code says.");
    process.exit(outdated.length === 0 ? 0 : 1);
  }
  for (const name of await writePages()) console.log(`docs/${name} written`);
}
