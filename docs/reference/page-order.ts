import { type Entry, type PublicExport, publicExports } from "./public-exports.ts";

/** What an entry's part of its page describes, in that order: each export once, where its own package exports it first. */
export function describedExports({ package: name, specifier }: Entry): PublicExport[] {
  return publicExports()
    .exports.filter((each) => each.package === name && each.from[0] === specifier && !each.external)
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}

let anchors: Map<PublicExport, string> | undefined;

/** GitHub's anchor of an export's heading: in lower case, and numbered from the second of one name on. */
export function anchorOf(each: PublicExport): string {
  anchors ??= readAnchors();
  return anchors.get(each) ?? each.name.toLowerCase();
}

function readAnchors(): Map<PublicExport, string> {
  const found = new Map<PublicExport, string>();
  const counts = new Map<string, number>();
  for (const entry of publicExports().entries)
    for (const each of describedExports(entry)) {
      const name = each.name.toLowerCase();
      const place = `${each.package} ${name}`;
      const before = counts.get(place) ?? 0;
      counts.set(place, before + 1);
      found.set(each, before === 0 ? name : `${name}-${before}`);
    }
  return found;
}
