import { toOpenAPISchema } from "@elysia/openapi";
import { bearerAuth, problemMediaType } from "@libs/auth-guard";
import type { AnyElysia } from "elysia";
import { z } from "zod";
import { problemSchema } from "../problems/problem.ts";
import { type DescribedRoute, describeOperation, type Operation } from "./describe-operation.ts";
import { headerComponents } from "./response-headers.ts";
import { shareDefinitions } from "./share-definitions.ts";

/**
 * What a service says of itself in its OpenAPI document.
 * @see {@link serviceBase}
 */
export interface OpenApiOptions {
  title: string;
  version: string;
  description: string;
  tags: { name: string; description: string }[];
  /** Addresses that take a form instead of JSON. */
  formPaths?: readonly string[];
  /**
   * Completes the document, at each request, by what is known at run time alone; it must not change what it gets. When it
   * fails, the document is shown without.
   */
  amend?: (document: OpenApiDocument) => Promise<OpenApiDocument>;
}

export type OpenApiDocument = ReturnType<typeof openApiDocument>;

const OPENAPI_VERSION = "3.1.2";

interface Route {
  method: string;
  path: string;
  hooks?: { body?: unknown; detail?: { parameters?: DescribedRoute["ownParameters"] } };
}

/** Of the finished app that a plugin is used in; Elysia has it for plugins alone, outside of its types. */
const allRoutes = (app: AnyElysia): Route[] => (app as unknown as { getGlobalRoutes(): Route[] }).getGlobalRoutes();

/** The OpenAPI document of a service: what its routes declare, and what the layers in front of them answer. */
export function openApiDocument(app: AnyElysia, { formPaths = [], tags, amend: _, ...info }: OpenApiOptions) {
  const { paths } = toOpenAPISchema(app, {}, undefined, undefined, OPENAPI_VERSION);
  const document = problemMediaType(
    {
      openapi: OPENAPI_VERSION,
      info: { ...info, license: { name: "MIT", identifier: "MIT" } },
      tags,
      paths: paths as Record<string, Record<string, Operation>>,
      components: { schemas: {}, headers: headerComponents, securitySchemes: { bearerAuth } },
    },
    z.toJSONSchema(problemSchema),
  );
  for (const route of allRoutes(app)) {
    const operations = document.paths[route.path.replace(/:([^/]+)/g, "{$1}")];
    const method = route.method.toLowerCase();
    const operation = operations?.[method];
    if (operations && operation) {
      const described = describedRoute(route, formPaths);
      operations[method] = describeOperation(operation, described);
    }
  }
  return shareDefinitions(document);
}

function describedRoute({ method, path, hooks = {} }: Route, formPaths: readonly string[]): DescribedRoute {
  const { body, detail } = hooks;
  return {
    method,
    body: body === undefined ? undefined : inputSchema(body),
    ownParameters: detail?.parameters ?? [],
    isForm: formPaths.includes(path),
  };
}

/** TypeBox is a JSON schema already; others make one (https://standardschema.dev/json-schema). */
function inputSchema(schema: unknown): object {
  return schema instanceof z.ZodType ? z.toJSONSchema(schema, { io: "input" }) : (schema as object);
}
