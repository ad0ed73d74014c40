/** Whether a database is the one that this code expects. */

export { expectedSchema } from "./expected-schema.ts";
export type { ExpectedSchema } from "./expected-schema-macro.ts";
export { type DirectFacts, inspectDirect } from "./inspect-direct.ts";
export { type InspectSchemaOptions, inspectSchema, type SchemaFacts, type TableRight } from "./inspect-schema.ts";
export { ConnectionError, type ConnectionFailure, type ConnectionFailureKind } from "./reach/connection-failure.ts";
