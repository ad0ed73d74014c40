import { PROBLEM_TYPE } from "@libs/problems";
import { PROBLEM_TITLE, problemSchema } from "./describe-guard.ts";

interface Media {
  schema?: unknown;
}

/** What is read of a response; everything else in it stays as it is. */
export interface DocumentedResponse {
  content?: Record<string, Media>;
}

interface DocumentedOperation {
  responses?: Record<string, DocumentedResponse>;
}

/**
 * What is read of an OpenAPI document; everything else in it stays as it is.
 * @see {@link problemMediaType}
 */
export interface ProblemDocument {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components?: { schemas?: Record<string, unknown> };
}

const JSON_TYPE = "application/json";

/**
 * Gives every problem of an OpenAPI document the content type that is sent, `application/problem+json`, and one schema,
 * `#/components/schemas/Problem`. `@elysia/openapi` writes `application/json` for whatever a route lists under
 * `response`. Running it again changes nothing.
 * @param document as `/openapi/json` has it; it is not changed
 * @param schema of the problems; the guard's own when left out
 * @see https://www.rfc-editor.org/rfc/rfc9457#section-3
 * @returns a copy
 * @example
 * ```ts
 * import { PROBLEM_TITLE, type ProblemDocument, problemMedia, problemMediaType } from "@libs/auth-guard";
 *
 * const document: ProblemDocument = {
 *   paths: { "/me": { get: { responses: { 401: { content: { "application/json": {} } } } } } },
 * };
 * const described = problemMediaType(document);
 * export const schema = described.components?.schemas?.[PROBLEM_TITLE]; // its entries refer to it as `problemMedia` does
 * export const own = { 409: { description: "Taken", content: { "application/problem+json": problemMedia } } };
 * ```
 */
export function problemMediaType<Document extends ProblemDocument>(
  document: Document,
  schema: object = problemSchema,
): Document {
  const paths = mapValues(document.paths, (operations) =>
    mapValues(operations, (operation) =>
      operation.responses ? { ...operation, responses: mapValues(operation.responses, withProblemType) } : operation,
    ),
  );
  const schemas = { ...document.components?.schemas, [PROBLEM_TITLE]: schema };
  return { ...document, paths, components: { ...document.components, schemas } };
}

function withProblemType(response: DocumentedResponse): DocumentedResponse {
  const { [JSON_TYPE]: json, ...others } = response.content ?? {};
  if (!isProblem(json?.schema)) return response;
  return { ...response, content: { ...others, [PROBLEM_TYPE]: problemMedia } };
}

/**
 * A problem's entry among the content types of a response.
 * @see {@link problemMediaType}
 */
export const problemMedia = { schema: { $ref: `#/components/schemas/${PROBLEM_TITLE}` } };

function isProblem(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && "title" in schema && schema.title === PROBLEM_TITLE;
}

function mapValues<Value>(record: Record<string, Value>, map: (value: Value) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
