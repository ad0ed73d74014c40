import { generatedNote, table } from "../pages/table.ts";
import { publicExports } from "./public-exports.ts";

/** Names of the packages that have a page. */
export const referencedPackages = (): string[] => [...new Set(publicExports().entries.map((each) => each.package))];

/** `docs/api/README.md`: the packages, and how much each exports. */
export function referenceIndex(): string {
  const { entries, exports } = publicExports();
  const rows = referencedPackages().map((name) => [
    `[@libs/${name}](${name}.md)`,
    String(exports.filter((each) => each.package === name && each.external === undefined).length),
    entries
      .filter((each) => each.package === name)
      .map((each) => `\`${each.specifier}\``)
      .join(", "),
  ]);
  return `# API reference

${generatedNote("the doc comments in libs/*/src")}

Every public export of the packages, with its units, its errors and an example that is type-checked.

${table(["package", "exports", "import from"], rows)}
`;
}
