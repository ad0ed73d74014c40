// `bun run docs` writes the pages that are made from code; `--check` only compares, and fails where one is out of date.
import { join } from "node:path";
import { configurationPage } from "./pages/configuration-page.ts";
import { errorsPage } from "./pages/errors-page.ts";
import { findingsPage } from "./pages/findings-page.ts";

export const pages: Record<string, () => string> = {
  "errors.md": errorsPage,
  "configuration.md": configurationPage,
  "findings.md": findingsPage,
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

if (import.meta.main) {
  const outdated = await outdatedPages();
  if (process.argv.includes("--check")) {
    for (const name of outdated) console.error(`docs/${name} is out of date: run \`bun run docs\`.`);
    if (outdated.length === 0) console.log("The generated pages say what the code says.");
    process.exit(outdated.length === 0 ? 0 : 1);
  }
  for (const name of outdated) {
    await Bun.write(join(import.meta.dir, name), pages[name]?.() ?? "");
    console.log(`docs/${name} written`);
  }
}
