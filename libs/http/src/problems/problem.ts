import { PROBLEM_TITLE } from "@libs/auth-guard";
import { type AuthErrorCode, type CatalogueEntry, catalogue } from "@libs/problems";
import { z } from "zod";

/**
 * An error's answer (RFC 9457). `code` is the stable part that programs switch on.
 * @example
 * ```ts
 * import { type Problem, problemSchema } from "@libs/http";
 *
 * const answer = await fetch("http://localhost:3100/orders");
 * if (!answer.ok) {
 *   const problem: Problem = problemSchema.parse(await answer.json());
 *   console.warn(problem.code, problem.requestId);
 * }
 * ```
 */
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

/**
 * Problem details as they are sent (RFC 9457).
 * @see {@link problemSchema}
 */
export type Problem = z.infer<typeof problemSchema>;

/**
 * The errors of a service: code, status, public texts.
 * @see {@link problemsIn}
 */
export type ProblemCatalogue = Record<string, CatalogueEntry>;

/**
 * The problem schema under every status that the given codes of the libs have: a route's declaration of what can go wrong.
 * @param codes those that the route may answer with
 * @example
 * ```ts
 * import { problemsOf } from "@libs/http";
 * import { Elysia } from "elysia";
 *
 * export const app = new Elysia().get("/me", () => new Response("ada"), { response: problemsOf("session.ended") });
 * ```
 */
export const problemsOf = <const Code extends AuthErrorCode>(...codes: Code[]) => problemsIn(catalogue, ...codes);

/**
 * What a route declares of errors in a service's own catalogue: the problem schema under every status that the codes
 * have.
 * @param entries the catalogue
 * @param codes those that the route may answer with
 * @example
 * ```ts
 * import { type ProblemCatalogue, type PublicError, problemResponse, problemsIn, ServiceError } from "@libs/http";
 * import { Elysia } from "elysia";
 *
 * const problems = {
 *   "cart.empty": { status: 409, title: "The cart is empty.", hint: "Put something in it first." },
 * } as const satisfies ProblemCatalogue;
 *
 * const empty: PublicError = new ServiceError("cart.empty", problems["cart.empty"]);
 * export const answer = problemResponse(empty, "request-1");
 * export const app = new Elysia().post("/checkout", () => answer, {
 *   detail: { summary: "Orders the cart" },
 *   response: problemsIn(problems, "cart.empty"),
 * });
 * ```
 */
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
