/**
 * `error`: people can't log in or register, or something is unsafe or gets lost. `warning`: it works, but should be
 * changed. `note`: a deliberate setting with a surprising effect; a system with only notes is healthy.
 * @see {@link finding}
 */
export type Severity = "error" | "warning" | "note";

export interface CatalogueEntry {
  severity: Severity;
  what: string;
  todo: string;
}

/** What to do where the set-up command corrects it. */
export const APPLY = "authctl realm apply fixes it";

/** What to do about what may be meant. */
export const IF_MEANT = "nothing, if that is intended";

export function error(what: string, todo: string): CatalogueEntry {
  return { severity: "error", what, todo };
}

export function warning(what: string, todo: string): CatalogueEntry {
  return { severity: "warning", what, todo };
}

export function note(what: string, todo: string): CatalogueEntry {
  return { severity: "note", what, todo };
}
