import { problemMedia } from "@libs/auth-guard";
import { PROBLEM_TYPE } from "@libs/problems";
import { headersOf } from "./response-headers.ts";

/** An operation, as far as it is read or written here. */
export interface Operation {
  security?: object[];
  parameters?: { name: string; in: string; schema?: unknown }[];
  requestBody?: object;
  responses?: Record<string, DescribedResponse>;
}

export interface DescribedResponse {
  description: string;
  content?: Record<string, { schema?: unknown }>;
  headers?: Record<string, object>;
}

/** What the document's builder knows of a route. */
export interface DescribedRoute {
  method: string;
  /** As the route declares it; undefined: it takes none. */
  body: unknown;
  /** Parameters that the route describes itself, such as headers. */
  ownParameters: NonNullable<Operation["parameters"]>;
  /** The body is a form. */
  isForm: boolean;
}

const TEXTS: Record<string, string> = {
  "400": "The request breaks a rule.",
  "401": "The caller is not authenticated, or no longer is.",
  "403": "The caller may not do this.",
  "404": "Not found.",
  "409": "The current state does not allow it.",
  "413": "The body is larger than 16 KiB.",
  "415": "The body has another media type, or is encoded.",
  "422": "The Idempotency-Key was used with another request.",
  "429": "Too many attempts.",
  "431": "The URL and the headers together are larger than the server accepts. The response has no body.",
  "500": "Something went wrong on our side.",
  "502": "Keycloak refuses the gateway's own client.",
  "503": "Not available right now: retry later.",
  "504": "It took too long: retry later.",
};

/**
 * Completes what a route declares by what every route of a service can answer: the layers in front of it (server, guard,
 * reading of the body) answer alike for all, so no route has to list it.
 */
export function describeOperation(operation: Operation, route: DescribedRoute): Operation {
  const parameters = merged(operation.parameters ?? [], route.ownParameters);
  const mayBeBusy = parameters.some(({ name }) => name.toLowerCase() === "idempotency-key");
  const declared = operation.responses ?? {};
  const added = layerStatuses(operation, route).filter((status) => !(status in declared));
  const problems = added.map((status) => [status, { description: "", content: mediaOfProblems }] as const);
  const responses = Object.fromEntries(
    Object.entries({ ...Object.fromEntries(problems), ...declared })
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([status, response]) => [status, describe(status, response, mayBeBusy)]),
  );
  return {
    ...operation,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && { requestBody: requestBody(route) }),
    // The server below us answers without a request id.
    responses: { ...responses, "431": { description: TEXTS["431"] ?? "" } },
  };
}

const mediaOfProblems = { [PROBLEM_TYPE]: problemMedia };

/** Statuses that come from in front of the route. */
function layerStatuses({ security, parameters = [] }: Operation, { method }: DescribedRoute): string[] {
  const readsBody = !["GET", "HEAD"].includes(method);
  return [
    // A `Host` that is none.
    "400",
    "500",
    // Bodies are read and checked wherever one may be sent, also where none is asked for.
    ...(readsBody ? ["413", "415"] : []),
    // A guard asks Keycloak for keys and the database for sessions.
    ...(security?.length ? ["401", "503", "504"] : []),
    // `.` and `..` in a path are another address.
    ...(parameters.some((parameter) => parameter.in === "path") ? ["404"] : []),
  ];
}

function describe(status: string, response: DescribedResponse, mayBeBusy: boolean): DescribedResponse {
  const isProblem = response.content !== undefined && PROBLEM_TYPE in response.content;
  return {
    ...response,
    description: (isProblem && TEXTS[status]) || response.description,
    headers: { ...response.headers, ...headersOf(status, mayBeBusy) },
  };
}

function merged(found: NonNullable<Operation["parameters"]>, own: NonNullable<Operation["parameters"]>) {
  const isOwn = (parameter: (typeof found)[number]) =>
    own.some(({ name, in: place }) => name === parameter.name && place === parameter.in);
  return [...found.filter((parameter) => !isOwn(parameter)), ...own];
}

function requestBody({ body, isForm }: DescribedRoute): object {
  const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
  return { required: true, content: { [type]: { schema: body } } };
}
