import { AuthError } from "@libs/problems";

const form = /^[\x21-\x7e]{1,255}$/;

/**
 * The `Idempotency-Key` header, where there is one.
 * @param request whose header is read
 * @throws AuthError `input.invalid`
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 * @example
 * ```ts
 * import { idempotencyKeyParameter, readIdempotencyKey } from "@libs/http";
 * import { Elysia } from "elysia";
 *
 * export const app = new Elysia().post("/orders", ({ request }) => `key ${readIdempotencyKey(request)}`, {
 *   detail: { parameters: [idempotencyKeyParameter] },
 * });
 * ```
 */
export function readIdempotencyKey(request: Request): string | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (form.test(key)) return key;
  const message = "must be 1 to 255 visible ASCII characters";
  throw new AuthError("input.invalid", { errors: [{ path: "Idempotency-Key", message }] });
}

/**
 * The header in an OpenAPI document.
 * @see {@link readIdempotencyKey}
 */
export const idempotencyKeyParameter = {
  name: "Idempotency-Key",
  in: "header" as const,
  required: false,
  description: "Makes a retry safe: the same key with the same body gets the same response, for 24 hours.",
  schema: { type: "string" as const, minLength: 1, maxLength: 255, pattern: form.source },
};
