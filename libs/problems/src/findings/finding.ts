import { type FindingCode, findingCatalogue, type Severity } from "./finding-catalogue.ts";

/**
 * Something that is wrong. Never with a secret.
 * @see {@link finding}
 */
export interface Finding {
  /** Stable. */
  code: FindingCode;
  severity: Severity;
  what: string;
  /** Which, how much; null: the code says it all. */
  detail: string | null;
  /** What to do about it. */
  todo: string;
}

/**
 * A finding with the texts of the catalogue.
 * @param code what is wrong
 * @param detail which, how much; never a secret
 * @example
 * ```ts
 * import { type Finding, type FindingCode, finding, type Severity } from "@libs/problems/findings";
 *
 * const code: FindingCode = "keycloak.unreachable";
 * const found: Finding = finding(code, "HTTP 503");
 * const severity: Severity = found.severity;
 * console.log(severity, found.what, found.detail, found.todo);
 * ```
 */
export function finding(code: FindingCode, detail: string | null = null): Finding {
  return { code, detail, ...findingCatalogue[code] };
}
