import { anchorOf } from "./page-order.ts";
import { type PublicExport, publicExports } from "./public-exports.ts";

/** A link to an export's part of its page. */
export const linkTo = (each: PublicExport): string => `[\`${each.name}\`](${each.package}.md#${anchorOf(each)})`;

/**
 * Makes Markdown links of `{@link …}`, and of addresses.
 * @param home the package whose comment it is: of two exports of one name its own is meant
 */
export function withLinks(text: string, home: string): string {
  return text
    .replace(/\{@link (https?:\/\/\S+?)(?: ([^}]+))?\}/g, (_, url, title) => `[${title ?? url}](${url})`)
    .replace(/(?<![(<[])https?:\/\/[^\s)`]*[^\s)`.,;]/g, (url) => `<${url}>`)
    .replace(/\{@link ([\w.]+)\}/g, (_, name: string) => {
      const called = publicExports().exports.filter((each) => each.name === name && each.external === undefined);
      const target = called.find((each) => each.package === home) ?? called[0];
      return target ? linkTo(target) : `\`${name}\``;
    });
}
