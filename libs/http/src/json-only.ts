import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";

/**
 * Largest body that is read, in bytes.
 * @see {@link nestingLimit}
 */
export const bodyLimitBytes = 16 * 1024;

/**
 * Deepest nesting of lists and objects that is accepted (RFC 8259 §9): validators and databases recurse.
 * @example
 * ```ts
 * import { bodyLimitBytes, nestingLimit } from "@libs/http";
 *
 * const nested = `${"[".repeat(nestingLimit)}${"]".repeat(nestingLimit)}`;
 * export const isTaken = nested.length <= bodyLimitBytes;
 * ```
 */
export const nestingLimit = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads bodies: JSON in UTF-8 (RFC 8259 §8.1) up to {@link bodyLimitBytes}, nothing else.
 * @param formPaths addresses that take `application/x-www-form-urlencoded` instead, because a standard says so
 */
export const jsonOnly = (formPaths: readonly string[] = []) =>
  new Elysia({ name: "json-only" }).onParse({ as: "global" }, async ({ request, path }) => {
    if (isEncoded(request)) throw new UnsupportedEncoding();
    const isForm = formPaths.includes(path);
    const expected = isForm ? "application/x-www-form-urlencoded" : "application/json";
    const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    const declaredBytes = Number(request.headers.get("content-length") ?? Number.NaN);
    if (declaredBytes > bodyLimitBytes) throw new AuthError("input.too_large");
    const bytes = Number.isNaN(declaredBytes)
      ? await readBounded(request)
      : new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength > 0 && type !== expected) throw new AuthError("input.unsupported_media_type");
    return isForm ? parseForm(bytes) : parseJson(bytes);
  });

/** Bodies are taken as they are. `identity` says just that (RFC 9110 §12.5.3). */
function isEncoded(request: Request): boolean {
  const codings = request.headers.get("content-encoding")?.split(",") ?? [];
  return codings.some((coding) => !["", "identity"].includes(coding.trim().toLowerCase()));
}

/** Names what would have been taken (RFC 9110 §15.5.16). */
class UnsupportedEncoding extends AuthError {
  readonly headers = { "accept-encoding": "identity" };

  constructor() {
    super("input.unsupported_encoding");
  }
}

/** A body of unannounced length is read only as far as the limit. */
async function readBounded(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > bodyLimitBytes) throw new AuthError("input.too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Uint8Array): unknown {
  // No body at all is a fault of the input's shape: the route's schema says what it wants. `null` is never a valid body.
  if (bytes.byteLength === 0) return null;
  const value = malformedIfThrown(() => JSON.parse(utf8.decode(bytes)));
  if (isNestedDeeper(value, nestingLimit)) {
    throw new AuthError("input.invalid", {
      errors: [{ path: "", message: `must not nest deeper than ${nestingLimit} levels` }],
    });
  }
  return value;
}

/** A field that comes more than once is a list, which no schema of a form takes. */
function parseForm(bytes: Uint8Array): Record<string, string | string[]> {
  const fields = new URLSearchParams(malformedIfThrown(() => utf8.decode(bytes)));
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const [first = "", ...others] = fields.getAll(name);
      return [name, others.length > 0 ? [first, ...others] : first];
    }),
  );
}

function malformedIfThrown<T>(decode: () => T): T {
  try {
    return decode();
  } catch {
    throw new AuthError("input.malformed");
  }
}

function isNestedDeeper(value: unknown, limit: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= limit; depth++) {
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}
