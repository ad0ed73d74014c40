import { expect, test } from "bun:test";
import { z } from "zod";
import { shareDefinitions } from "./share-definitions.ts";

const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input" });
const documentOf = (...schemas: object[]) => ({
  paths: Object.fromEntries(schemas.map((schema, n) => [`/${n}`, { post: { schema } }])),
  components: { schemas: { Problem: { type: "object" } } as Record<string, unknown> },
});

function refsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : refsOf(inner)));
}

test("a recursive schema's references point into the document, also where two have one name", () => {
  const tree: z.ZodType = z.lazy(() => z.object({ leaves: z.array(tree) }));
  const shared = shareDefinitions(
    documentOf(schemaOf(z.object({ any: z.json() })), schemaOf(z.object({ root: tree, again: tree }))),
  );
  const refs = refsOf(shared);
  expect(refs.length).toBeGreaterThan(2);
  for (const ref of refs) {
    const [, name = ""] = /^#\/components\/schemas\/(.+)$/.exec(ref) ?? [];
    expect(shared.components.schemas[name], ref).not.toEqual({});
    expect(shared.components.schemas[name], ref).toBeObject();
  }
  expect(JSON.stringify(shared)).not.toContain("$defs");
  expect(JSON.stringify(shared)).not.toContain("$schema");
  expect(Object.keys(shared.components.schemas)).toHaveLength(3);
});

test("a schema without definitions stays as it is", () => {
  const { $schema: _, ...plain } = schemaOf(z.strictObject({ name: z.string() }));
  expect(shareDefinitions(documentOf(plain))).toEqual(documentOf(plain));
});
