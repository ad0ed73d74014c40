import { AuthError } from "@libs/problems";
import type { JWTHeaderParameters } from "jose";

/**
 * Checks what can be seen of a token without a key: form, algorithm, key id, type.
 * @throws AuthError `token.invalid`
 */
export function readTokenHeader(token: string, algorithms: readonly unknown[]): JWTHeaderParameters & { kid: string } {
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every((part) => /^[\w-]+$/.test(part))) throw invalid("form");
  const [headerText, payloadText] = parts.slice(0, 2).map((part) => Buffer.from(part, "base64url").toString("utf8"));
  const header = parse(headerText as string);
  if (!algorithms.includes(header.alg)) throw invalid("alg");
  if (typeof header.kid !== "string" || header.kid.length > 200) throw invalid("kid");
  const { typ = "JWT" } = header;
  if (typeof typ !== "string" || !/^(application\/)?(at\+)?jwt$/i.test(typ)) throw invalid("typ");
  if (header.crit !== undefined) throw invalid("crit");
  if (hasDuplicateKeys(headerText as string) || hasDuplicateKeys(payloadText as string)) throw invalid("duplicates");
  return header as JWTHeaderParameters & { kid: string };
}

/** The claims of a token that nobody has verified. @throws AuthError `token.invalid` for what is no object */
export function readUnverifiedClaims(token: string): Record<string, unknown> {
  return parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
}

function parse(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Reported below, without the text.
  }
  throw invalid("header");
}

/**
 * Whether an object of the text has a key twice, which readers take differently (RFC 7519 §4). Compares the text with
 * what is left of it after reading. Text that is no JSON is refused first: only of valid JSON is the scan for keys linear.
 */
function hasDuplicateKeys(text: string): boolean {
  let read = 0;
  try {
    JSON.parse(text, function count(key, value) {
      if (!Array.isArray(this) && key !== "") read += 1;
      return value;
    });
  } catch {
    return true;
  }
  return countKeys(text) !== read;
}

/** Strings of valid JSON that a colon follows. The empty key, which nobody uses, counts as twice. */
function countKeys(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
}

const invalid = (internal: string) => new AuthError("token.invalid", { internal });
