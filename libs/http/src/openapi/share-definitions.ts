interface DefinedDocument {
  components: { schemas: Record<string, unknown> };
}

/**
 * Moves the definitions that single schemas bring along (`$defs`, of recursive ones) to the document's components: a
 * reference starts at the root of the document, so that `#/$defs/…` within a schema points at nothing. Takes out
 * `$schema` as well: a document has one dialect.
 * @param document is not changed
 */
export function shareDefinitions<Document extends DefinedDocument>(document: Document): Document {
  const schemas: Record<string, unknown> = {};
  const move = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== "object" || value === null) return value;
    const { $schema: _, $defs, ...rest } = value as { $schema?: unknown; $defs?: Record<string, unknown> };
    return mapValues($defs === undefined ? rest : adopt(rest, $defs), move);
  };
  const adopt = (schema: object, definitions: Record<string, unknown>): object => {
    const names = new Map(Object.keys(definitions).map((name) => [name, freeName(name)]));
    const renamed = <T>(part: T): T =>
      JSON.parse(JSON.stringify(part), (key, value: unknown) => {
        const name = key === "$ref" && typeof value === "string" ? names.get(value.replace("#/$defs/", "")) : undefined;
        return name === undefined ? value : `#/components/schemas/${name}`;
      }) as T;
    for (const [name, definition] of Object.entries(definitions)) {
      const shared = names.get(name) ?? name;
      schemas[shared] = move(renamed(definition));
    }
    return renamed(schema);
  };
  const freeName = (name: string): string => {
    const taken = (candidate: string) => candidate in schemas || candidate in document.components.schemas;
    let candidate = name;
    for (let n = 2; taken(candidate); n++) candidate = `${name}_${n}`;
    // Held until its schema is there.
    schemas[candidate] = {};
    return candidate;
  };
  const moved = move(document) as Document;
  return {
    ...moved,
    components: { ...moved.components, schemas: { ...moved.components.schemas, ...schemas } },
  };
}

function mapValues(record: object, map: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
