import { randomUUID } from "node:crypto";
import type { Operation } from "./api-document.ts";

/** What a call is made of; what is left out is not sent. */
export interface Call {
  path: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

interface ObjectSchema {
  properties?: Record<string, { type?: string }>;
}

const LONG = "x".repeat(20_000);

/** Sends one call of an operation. @param authorization left out: none */
export function send(
  service: string,
  { method, path, requestBody }: Operation,
  call: Call,
  authorization?: string,
): Promise<Response> {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(call.path[name] ?? ""));
  const query = new URLSearchParams(call.query).toString();
  const [type = "application/json"] = Object.keys(requestBody?.content ?? {});
  const { body } = call;
  return fetch(`${service}${address}${query && `?${query}`}`, {
    method,
    headers: {
      ...(body !== undefined && { "content-type": type }),
      ...(authorization !== undefined && { authorization }),
      ...call.headers,
    },
    ...(body !== undefined && { body: encode(body, type) }),
  });
}

function encode(body: unknown, type: string): string {
  if (typeof body === "string") return body;
  return type === "application/json"
    ? JSON.stringify(body)
    : new URLSearchParams(body as Record<string, string>).toString();
}

/** Calls like `valid`, each with one thing wrong that the document lets expect to be refused, or not to be found. */
export function brokenCalls(operation: Operation, valid: Call): Record<string, Call> {
  return { ...brokenParameters(operation, valid), ...brokenBodies(operation, valid) };
}

function brokenParameters({ parameters = [] }: Operation, valid: Call): Record<string, Call> {
  const calls: Record<string, Call> = {
    "headers that are too long": { ...valid, headers: { ...valid.headers, "x-long": LONG } },
    "a query that nobody asked for": { ...valid, query: { ...valid.query, unknown: "1" } },
  };
  for (const { name, in: place } of parameters) {
    const values = place === "header" ? ["with blanks", "x".repeat(300)] : ["x", "-1", "é\u0000", LONG.slice(0, 600)];
    // `.` and `..` are no values: with them an address is another one (RFC 3986 §5.2.4).
    for (const value of place === "path" ? [...values, randomUUID()] : values) {
      const changed = { [name]: value };
      calls[`${name} is ${JSON.stringify(value).slice(0, 50)}`] =
        place === "path"
          ? { ...valid, path: { ...valid.path, ...changed } }
          : place === "query"
            ? { ...valid, query: { ...valid.query, ...changed } }
            : { ...valid, headers: { ...valid.headers, ...changed } };
    }
  }
  return calls;
}

function brokenBodies({ method, requestBody }: Operation, valid: Call): Record<string, Call> {
  if (method === "GET") return {};
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? ["application/json"];
  const given = (valid.body ?? {}) as Record<string, unknown>;
  const calls: Record<string, Call> = {
    "no JSON": { ...valid, body: "{" },
    "no UTF-8 type": { ...valid, body: "<x/>", headers: { ...valid.headers, "content-type": "application/xml" } },
    "too large": { ...valid, body: LONG },
    "a list": { ...valid, body: "[]" },
    "nested too deep": { ...valid, body: `${"[".repeat(50)}${"]".repeat(50)}` },
    "a field that nobody asked for": { ...valid, body: { ...given, unknown: 1 } },
    "no body": { ...valid, body: undefined },
  };
  for (const name of Object.keys((media?.schema as ObjectSchema | undefined)?.properties ?? {})) {
    const { [name]: _, ...others } = given;
    calls[`without ${name}`] = { ...valid, body: others };
    for (const value of type === "application/json" ? [null, -1, "", " x ", "\u0000", {}, LONG.slice(0, 9_000)] : [""])
      calls[`${name} is ${JSON.stringify(value).slice(0, 50)}`] = { ...valid, body: { ...given, [name]: value } };
  }
  return calls;
}
