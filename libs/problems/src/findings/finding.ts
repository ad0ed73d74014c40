import { type FindingCode, findingCatalogue, type Severity } from "./finding-catalogue.ts";

/** Something that is wrong. Never with a secret. */
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

/** @param detail which, how much; never a secret */
export function finding(code: FindingCode, detail: string | null = null): Finding {
  return { code, detail, ...findingCatalogue[code] };
}
