import { expect, test } from "bun:test";
import { parseDocComment } from "./doc-comment.ts";

const comment = `/**
   * Waits.
   * Never for long.
   * @param options.limitMs milliseconds,
   *   at most
   * @returns whether it waited
   * @throws Error when it can't
   * @see {@link other}
   * @see https://example.com RFC 1
   * @example
   * \`\`\`ts
   * @decorated
   * class A {}
   * \`\`\`
   */`;

test("a comment is read by its tags, and what an example holds is no tag", () => {
  expect(parseDocComment(comment)).toEqual({
    description: "Waits.\nNever for long.",
    params: { "options.limitMs": "milliseconds,\n  at most" },
    returns: "whether it waited",
    throws: ["Error when it can't"],
    see: ["other"],
    sources: ["https://example.com RFC 1"],
    examples: ["@decorated\nclass A {}"],
  });
  expect(parseDocComment("/** Short. */").description).toBe("Short.");
});

test("a tag that follows a sentence on its line is read, too", () => {
  expect(parseDocComment("/** Reads it. @throws Error */")).toMatchObject({
    description: "Reads it.",
    throws: ["Error"],
  });
});
