import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

interface Media {
  schema?: object;
}

interface DocumentedResponse {
  content?: Record<string, Media>;
  headers?: Record<string, { $ref: string }>;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema: { type?: string };
}

export interface Operation {
  method: string;
  /** As in the document: `/carts/{id}`. */
  path: string;
  security?: object[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, DocumentedResponse>;
}

interface Document {
  paths: Record<string, Record<string, Omit<Operation, "method" | "path">>>;
  components: { headers: Record<string, { required?: boolean; schema: { type: string } }>; schemas: object };
}

/** A service's own OpenAPI document, against which answers are held. */
export class ApiDocument {
  readonly operations: Operation[];
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<object, ValidateFunction>();

  constructor(private readonly document: Document) {
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    );
    // Formats are the generators' business; an unknown keyword is a fault of the document.
    this.#ajv = new Ajv2020({ strict: true, strictTypes: false, validateFormats: false, allErrors: true });
    this.#ajv.addSchema({ $id: "document", ...toDefinitions(document.components.schemas) });
  }

  static async of(service: string): Promise<ApiDocument> {
    return new ApiDocument((await (await fetch(`${service}/openapi/json`)).json()) as Document);
  }

  /** @returns what this answer has that the document does not say, or lacks of what it says; empty: it conforms */
  async deviations({ responses }: Operation, answer: Response): Promise<string[]> {
    const documented = responses[String(answer.status)];
    const raw = await answer.text();
    if (!documented) return [`status ${answer.status} is not documented: ${raw.slice(0, 200)}`];
    return [...this.#headerDeviations(documented, answer.headers), ...this.#bodyDeviations(documented, answer, raw)];
  }

  #headerDeviations({ headers = {} }: DocumentedResponse, sent: Headers): string[] {
    return Object.entries(headers).flatMap(([name, { $ref }]) => {
      const header = this.document.components.headers[$ref.replace("#/components/headers/", "")];
      if (!header) return [`${$ref} points at nothing`];
      const value = sent.get(name);
      if (value === null) return header.required ? [`header ${name} is missing`] : [];
      return header.schema.type === "integer" && !/^\d+$/.test(value) ? [`header ${name} is ${value}`] : [];
    });
  }

  #bodyDeviations({ content }: DocumentedResponse, answer: Response, raw: string): string[] {
    if (!content) return raw === "" ? [] : [`a body where none is documented: ${raw.slice(0, 200)}`];
    const type = answer.headers.get("content-type")?.split(";")[0] ?? "none";
    const media = content[type];
    if (!media?.schema) return [`content type ${type} instead of ${Object.keys(content).join(", ")}`];
    const validate = this.#validatorOf(media.schema);
    return validate(JSON.parse(raw)) ? [] : [this.#ajv.errorsText(validate.errors)];
  }

  #validatorOf(schema: object): ValidateFunction {
    const found = this.#compiled.get(schema) ?? this.#ajv.compile(pointedAtDefinitions(schema));
    this.#compiled.set(schema, found);
    return found;
  }
}

/** Ajv knows JSON Schema, not OpenAPI: components become definitions of one schema. */
const toDefinitions = (schemas: object): object => pointedAtDefinitions({ $defs: schemas });

function pointedAtDefinitions<T extends object>(schema: T): T {
  const prefix = "#/components/schemas/";
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === "$ref" && typeof value === "string" ? value.replace(prefix, "document#/$defs/") : value,
  ) as T;
}
