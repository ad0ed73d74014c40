import { readExpectedSchema } from "./expected-schema-macro.ts" with { type: "macro" };
import type { ExpectedSchema } from "./expected-schema-macro.ts";

/**
 * What this very code expects of its database, as it was when the code was read or bundled.
 * @see {@link inspectSchema}
 */
export const expectedSchema: ExpectedSchema = readExpectedSchema();
