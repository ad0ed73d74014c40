import { expect } from "bun:test";
import { type AuthErrorCode, catalogue } from "@libs/problems";
import { type Problem, type ProblemCatalogue, problemSchema } from "../problems/problem.ts";

/**
 * Asserts that an answer is the problem `code`: status, media type, schema, its own request id, and not one of
 * `secrets` anywhere in the raw body or a header.
 */
export function expectProblem(response: Response, code: AuthErrorCode, ...secrets: string[]): Promise<Problem> {
  return expectServiceProblem(catalogue, response, code, ...secrets);
}

/** The same for a code of a service's own. */
export async function expectServiceProblem<Catalogue extends ProblemCatalogue>(
  entries: Catalogue,
  response: Response,
  code: keyof Catalogue & string,
  ...secrets: string[]
): Promise<Problem> {
  const raw = await response.text();
  for (const secret of secrets) {
    expect(raw).not.toContain(secret);
    expect(JSON.stringify([...response.headers])).not.toContain(secret);
  }
  const problem = problemSchema.parse(JSON.parse(raw));
  expect({ status: response.status, code: problem.code }).toEqual({ status: entries[code]?.status as number, code });
  expect(problem.status).toBe(response.status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("x-request-id")).toBe(problem.requestId);
  expect(problem.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  return problem;
}
