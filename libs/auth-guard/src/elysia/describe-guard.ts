import { PROBLEM_TYPE } from "@libs/problems";
import { t } from "elysia";
import type { CompiledGuard } from "../request/route-guard.ts";

/**
 * Under which name guarded routes refer to {@link bearerAuth} in a service's OpenAPI document.
 * @see {@link bearerAuth}
 */
export const BEARER_AUTH = "bearerAuth";

/**
 * For a service's OpenAPI document.
 * @example
 * ```ts
 * import { BEARER_AUTH, bearerAuth } from "@libs/auth-guard";
 *
 * // For the option `documentation` of `@elysia/openapi`.
 * export const documentation = { components: { securitySchemes: { [BEARER_AUTH]: bearerAuth } } };
 * ```
 */
export const bearerAuth = {
  type: "http",
  scheme: "bearer",
  bearerFormat: "JWT",
  description: "An access token of the realm, as the gateway's `/auth/login` and `/auth/refresh` give it.",
} as const;

/**
 * Names the schema of problem details, so that a document's other schemas are not taken for it.
 * @see {@link problemMediaType}
 */
export const PROBLEM_TITLE = "Problem";

/** Of a guard's refusals. */
export const problemSchema = t.Object(
  {
    type: t.String(),
    title: t.String(),
    status: t.Integer(),
    code: t.String(),
    detail: t.String(),
    requestId: t.String(),
  },
  { title: PROBLEM_TITLE, description: "Problem details (RFC 9457) with a stable code." },
);

interface Hooks {
  response?: unknown;
  detail?: unknown;
}

interface Operation {
  security?: object[];
  responses?: Record<string, unknown>;
}

/** Adds to a route's description what its guard may answer; what the route says itself stays. */
export function describeGuard(hooks: Hooks, { roles, permissions }: CompiledGuard): void {
  const forbids = roles.length > 0 || permissions.length > 0;
  const refusals = { 401: problemSchema, ...(forbids && { 403: problemSchema }) };
  const detail: Operation = { security: [{ [BEARER_AUTH]: [] }], ...(hooks.detail as Operation | undefined) };
  if (hooks.response === undefined) {
    const described = Object.entries(refusals).map(([status, { description = "", ...schema }]) => [
      status,
      { description, content: { [PROBLEM_TYPE]: { schema } } },
    ]);
    detail.responses = { ...Object.fromEntries(described), ...detail.responses };
  } else {
    hooks.response = { ...refusals, ...(isByStatus(hooks.response) ? hooks.response : { 200: hooks.response }) };
  }
  hooks.detail = detail;
}

function isByStatus(response: unknown): response is object {
  return typeof response === "object" && response !== null && Object.keys(response).every((key) => /^\d{3}$/.test(key));
}
