import { PROBLEM_TITLE } from "@libs/auth-guard";
import { type AuthErrorCode, type CatalogueEntry, catalogue } from "@libs/problems";
import { z } from "zod";

/** An error's answer (RFC 9457). `code` is the stable part that programs switch on. */
export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
    actionUrl: z.string().optional(),
  })
  .meta({ title: PROBLEM_TITLE, description: "Problem details (RFC 9457) with a stable code." });

export type Problem = z.infer<typeof problemSchema>;

/** The errors of a service: code, status, public texts. */
export type ProblemCatalogue = Record<string, CatalogueEntry>;

/** The problem schema under every status that the given codes of the libs have: a route's declaration of what can go wrong. */
export const problemsOf = <const Code extends AuthErrorCode>(...codes: Code[]) => problemsIn(catalogue, ...codes);

/** The same for a service's own codes. */
export function problemsIn<const Catalogue extends ProblemCatalogue, const Code extends keyof Catalogue & string>(
  entries: Catalogue,
  ...codes: Code[]
) {
  const statuses = [...new Set(codes.map((code) => (entries[code] as CatalogueEntry).status))];
  return Object.fromEntries(statuses.map((status) => [status, problemSchema])) as Record<
    Catalogue[Code]["status"],
    typeof problemSchema
  >;
}
